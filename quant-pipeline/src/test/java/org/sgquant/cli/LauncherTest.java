package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When {@code bin/sgquant} builds and with which profiles, by a Maven and a Java that only tell how they were called. */
@DisabledOnOs(OS.WINDOWS)
final class LauncherTest {

    /** Fails with half of the libraries where {@code broken} is, else makes those that {@code jars} names. */
    private static final String MAVEN = """
            #!/bin/sh
            echo "$@" >>"$ROOT/calls"
            mkdir "$ROOT/quant-pipeline/target/lib"
            case "$*" in *perf*) mkdir "$ROOT/perf/target/lib"; touch "$ROOT/perf/target/lib/sgquant-peer-mkl-1.jar" ;; esac
            if [ -e "$ROOT/broken" ]; then
              touch "$ROOT/quant-pipeline/target/lib/half.jar"
              echo "[ERROR] broken"
              exit 1
            fi
            cd "$ROOT/quant-pipeline/target/lib"
            touch $(cat "$ROOT/jars")
            """;

    private static final String JAVA = """
            #!/bin/sh
            if [ "$1" = -version ]; then echo 'openjdk version "25"' >&2; else echo "$@"; fi
            """;

    @TempDir
    private Path root;

    private Path target;

    private record Outcome(int code, String out) {}

    @BeforeEach
    void layOut() throws IOException {
        target = Files.createDirectories(root.resolve("quant-pipeline/target"));
        Path bin = Files.createDirectories(root.resolve("quant-pipeline/bin"));
        for (String file : List.of("sgquant", "find-java.sh")) {
            Files.copy(Path.of("bin", file), bin.resolve(file));
        }
        executable(root.resolve("tools/mvn"), MAVEN);
        executable(root.resolve("jdk/bin/java"), JAVA);
        Files.createFile(root.resolve("pom.xml"));
    }

    private static void executable(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @ParameterizedTest
    @CsvSource({
        "sgquant.jar, ",
        "nd4j-native-1.jar, -Pnd4j",
        "nd4j-cuda-11.6-1.jar nd4j-native-api-1.jar, -Pnd4j-cuda",
        "cuda-12.6-linux-x86_64-redist.jar, -Pcuda-redist",
        "cuda-12.6-linux-x86_64-redist.jar nd4j-native-1.jar, '-Pnd4j,cuda-redist'",
    })
    void profiles_outlive_a_build_by_hand_and_one_that_fails(String jars, String profiles) throws Exception {
        Files.writeString(root.resolve("jars"), jars);
        Files.createDirectory(target.resolve("lib"));
        for (String jar : jars.split(" ")) {
            Files.createFile(target.resolve("lib").resolve(jar));
        }
        Files.createFile(root.resolve("broken"));
        assertThat(launch().code()).isEqualTo(1);
        assertThat(names("lib")).containsExactlyInAnyOrder(jars.split(" "));

        Files.delete(root.resolve("broken"));
        Outcome built = launch();
        assertThat(built.code()).isZero();
        assertThat(built.out().contains("--sun-misc-unsafe-memory-access=allow"))
                .isEqualTo(jars.contains("nd4j"));
        assertThat(names("lib")).containsExactlyInAnyOrder(jars.split(" "));
        assertThat(target.resolve("lib.old")).doesNotExist();

        assertThat(launch().code()).isZero();
        String build = "-B -f " + root + "/pom.xml -pl quant-pipeline -am " + (profiles == null ? "" : profiles + " ")
                + "package -DskipTests";
        assertThat(Files.readAllLines(root.resolve("calls"))).containsExactly(build, build);
    }

    @Test
    void libraries_of_a_build_that_was_killed_are_put_back() throws Exception {
        Files.writeString(root.resolve("jars"), "nd4j-native-1.jar");
        Files.createDirectory(target.resolve("lib.old"));
        Files.createFile(target.resolve("lib.old/nd4j-native-1.jar"));
        assertThat(launch().code()).isZero();
        assertThat(Files.readString(root.resolve("calls"))).contains(" -Pnd4j ");
        assertThat(target.resolve("lib.old")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({
        "pom.xml",
        "cuda/kernels.list",
        "cuda/forward/names",
        "quant-pipeline/src/main/any",
        "gpu-kernels/pom.xml"
    })
    void a_changed_source_is_built(String source) throws Exception {
        Files.writeString(root.resolve("jars"), "sgquant.jar");
        assertThat(launch().code()).isZero();
        Path file = root.resolve(source);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "");
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(60)));
        assertThat(launch().code()).isZero();
        assertThat(Files.readAllLines(root.resolve("calls"))).hasSize(2);
    }

    @Test
    void bench_builds_the_module_perf_with_the_libraries_that_either_was_built_with() throws Exception {
        Files.writeString(root.resolve("jars"), "nd4j-native-1.jar");
        assertThat(launch().code()).isZero();
        assertThat(launch().code()).isZero();
        Outcome bench = launch("bench", "--check");
        assertThat(bench.code()).as(bench.out()).isZero();
        assertThat(bench.out()).contains("perf/target/lib/* org.sgquant.cli.Sgquant bench --check");
        assertThat(launch("bench").code()).isZero();
        assertThat(launch().code()).isZero();
        assertThat(calls()).hasSize(2);
        assertThat(calls().get(1)).contains("-pl perf -am -Pnd4j package");

        Path source = Files.createDirectories(root.resolve("perf/src/main")).resolve("any");
        Files.writeString(source, "");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(60)));
        assertThat(launch().code()).isZero();
        assertThat(calls()).as("what perf has is nothing to other commands").hasSize(2);
        assertThat(launch("bench").code()).isZero();
        assertThat(calls().get(2)).contains("-pl perf,perf/peers/mkl -am -Pnd4j,peer-mkl package");
    }

    private List<String> calls() throws IOException {
        return Files.readAllLines(root.resolve("calls"));
    }

    private List<String> names(String folder) throws IOException {
        try (Stream<Path> files = Files.list(target.resolve(folder))) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private Outcome launch(String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of("bash", root.resolve("quant-pipeline/bin/sgquant").toString()));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("ROOT", root.toString());
        builder.environment().put("SGQUANT_JAVA_HOME", root.resolve("jdk").toString());
        builder.environment().merge("PATH", root.resolve("tools").toString(), (path, tools) -> tools + ":" + path);
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), out);
    }
}
