package org.sgquant.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Compiles and runs small programs around the headers of the cuda module. */
public final class NativeProgram {

    private NativeProgram() {}

    /** The first of {@code names} on the path; without one the test is skipped, with {@code CI=true} it fails. */
    public static String compiler(String... names) {
        Optional<String> found = Stream.of(names)
                .filter(name -> Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, name))))
                .findFirst();
        String missing = "no compiler (" + String.join(" or ", names) + ") on PATH";
        if (found.isEmpty() && "true".equals(System.getenv("CI"))) {
            fail(missing + ": CI must compare the CUDA headers with their Java classes");
        }
        return found.orElseGet(() -> abort("##### " + missing + ": a CUDA header is not compared #####"));
    }

    /** What {@code command} prints; it must end within a minute, with code 0. */
    public static String run(Path folder, String... command) throws IOException, InterruptedException {
        Path output = folder.resolve("output.txt");
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS))
                .as("%s ends", command[0])
                .isTrue();
        String text = Files.readString(output);
        assertThat(process.exitValue()).as("%s: %s", command[0], text).isZero();
        return text;
    }
}
