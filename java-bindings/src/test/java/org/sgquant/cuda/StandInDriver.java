package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A folder with a {@code libcuda.so.1} compiled from C, and child JVMs that find it before any real one. */
final class StandInDriver {

    private static final int TIMEOUT_SECONDS = 60;

    private final Path folder;
    private final List<String> launcher = new ArrayList<>();
    private final List<String> jvmOptions = new ArrayList<>();
    private String nativeAccess = "--enable-native-access=ALL-UNNAMED";
    private String classPath = System.getProperty("java.class.path");

    private StandInDriver(Path folder) {
        this.folder = folder;
    }

    /** Compiles {@code source} into {@code folder}. */
    static StandInDriver compile(Path folder, String source) throws IOException, InterruptedException {
        StandInDriver driver = new StandInDriver(folder);
        Files.writeString(folder.resolve("driver.c"), source);
        driver.finish(driver.start(
                "cc", List.of(compiler(), "-shared", "-fPIC", "-o", "libcuda.so.1", "driver.c"), Map.of()));
        return driver;
    }

    /** The driver in the resource {@code standin_driver.c}, which fails as its environment says. */
    static StandInDriver compile(Path folder) throws IOException, InterruptedException {
        try (var source = StandInDriver.class.getResourceAsStream("standin_driver.c")) {
            return compile(folder, new String(source.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    /** Only a text under the driver's name, or nothing. */
    static StandInDriver none(Path folder) {
        return new StandInDriver(folder);
    }

    /** Compiles a further library; {@code options} follow the source. */
    StandInDriver library(Path file, String source, String... options) throws IOException, InterruptedException {
        Path text = folder.resolve(file.getFileName() + ".c");
        Files.writeString(text, source);
        List<String> command =
                new ArrayList<>(List.of(compiler(), "-shared", "-fPIC", "-o", file.toString(), text.toString()));
        command.addAll(List.of(options));
        finish(start("cc", command, Map.of()));
        return this;
    }

    /** The JVM's command follows {@code command}. */
    StandInDriver startedBy(String... command) {
        launcher.addAll(List.of(command));
        return this;
    }

    StandInDriver withoutNativeAccess() {
        nativeAccess = "--illegal-native-access=deny";
        return this;
    }

    /** Puts {@code entry} before all others on the class path. */
    StandInDriver withClasses(Path entry) {
        classPath = entry + File.pathSeparator + classPath;
        return this;
    }

    StandInDriver with(String jvmOption) {
        jvmOptions.add(jvmOption);
        return this;
    }

    StandInDriver withoutJar(String name) {
        classPath = Stream.of(classPath.split(File.pathSeparator))
                .filter(entry -> !Path.of(entry).getFileName().toString().contains(name))
                .reduce((a, b) -> a + File.pathSeparator + b)
                .orElseThrow();
        return this;
    }

    /** The last line that {@code main} prints. */
    String lastLine(Class<?> main, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        // The JVM may warn about a library before the program speaks.
        return finish(startMain("child", main, environment, arguments))
                .lines()
                .toList()
                .getLast();
    }

    /** A running child and where its output goes. */
    record Child(Process process, Path output) {}

    Child startMain(String name, Class<?> main, Map<String, String> environment, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(launcher);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(nativeAccess, "-XX:TieredStopAtLevel=1", "-cp", classPath));
        command.addAll(jvmOptions);
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return start(name, command, environment);
    }

    String finish(Child child) throws IOException, InterruptedException {
        assertThat(child.process().waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS))
                .as("%s ends", child)
                .isTrue();
        String text = Files.readString(child.output()).strip();
        assertThat(child.process().exitValue()).as("%s: %s", child, text).isZero();
        return text;
    }

    private Child start(String name, List<String> command, Map<String, String> environment) throws IOException {
        Path output = folder.resolve(name + ".txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("LD_LIBRARY_PATH", folder.toString());
        builder.environment().putAll(environment);
        return new Child(builder.start(), output);
    }

    private static String compiler() {
        return Stream.of("cc", "gcc")
                .filter(name -> Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, name))))
                .findFirst()
                .orElseGet(() -> "true".equals(System.getenv("CI"))
                        ? fail("no C compiler (cc or gcc) on PATH: CI must test against a stand-in driver")
                        : abort("##### NO C COMPILER on PATH: nothing is tested against a stand-in driver #####"));
    }
}
