package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Probes in a child JVM that finds a stand-in driver, compiled here, before any real one. */
class CudaProbeTest {

    @TempDir
    Path folder;

    /** What a child JVM prints: device count, availability and reason, with bars between. */
    static final class Printer {
        public static void main(String[] args) {
            CudaProbe probe = CudaProbe.probe();
            System.out.println(probe.deviceCount() + "|" + probe.isAvailable() + "|" + probe.reason());
        }
    }

    @Test
    void either_devices_or_a_reason() {
        CudaProbe probe = CudaProbe.probe();
        assertThat(probe.isAvailable()).isEqualTo(probe.deviceCount() > 0);
        assertThat(probe.reason().isEmpty()).isEqualTo(probe.isAvailable());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "0; 0; 2; 2|true|",
                "100; 0; 2; 0|false|the NVIDIA driver is there, but it sees no device",
                "0; 0; 0; 0|false|the NVIDIA driver is there, but it sees no device",
                "999; 0; 2; 0|false|cuInit failed with CUDA error 999",
                "0; 3; 2; 0|false|cuDeviceGetCount failed with CUDA error 3"
            })
    void the_answers_of_the_driver_are_told(int init, int status, int count, String expected) throws Exception {
        driver("""
                int cuInit(unsigned flags) { return flags == 0 ? %d : 1; }
                int cuDeviceGetCount(int *count) { *count = %d; return %d; }
                """.formatted(init, count, status));
        assertThat(probe()).isEqualTo(expected);
    }

    @Test
    void a_library_that_is_no_driver_is_named() throws Exception {
        driver("int cuInit(unsigned flags) { return (int) flags; }");
        assertThat(probe()).isEqualTo("0|false|libcuda.so.1 has no function cuDeviceGetCount");
    }

    @Test
    void a_file_that_is_no_library_counts_as_no_driver() throws Exception {
        Files.writeString(folder.resolve("libcuda.so.1"), "not a library");
        assertThat(probe()).isEqualTo("0|false|libcuda.so.1 cannot be loaded (no NVIDIA driver)");
    }

    private void driver(String source) throws Exception {
        Files.writeString(folder.resolve("driver.c"), source);
        run(List.of(compiler(), "-shared", "-fPIC", "-o", "libcuda.so.1", "driver.c"));
    }

    private String probe() throws Exception {
        String output = run(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Printer.class.getName()));
        // The JVM may warn about a library before the program speaks.
        return output.lines().toList().getLast();
    }

    private static String compiler() {
        return Stream.of("cc", "gcc")
                .filter(name -> Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, name))))
                .findFirst()
                .orElseGet(() -> "true".equals(System.getenv("CI"))
                        ? fail("no C compiler (cc or gcc) on PATH: CI must test the CUDA probe")
                        : abort("##### NO C COMPILER on PATH: the CUDA probe is not tested #####"));
    }

    private String run(List<String> command) throws IOException, InterruptedException {
        Path output = folder.resolve("output.txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("LD_LIBRARY_PATH", folder.toString());
        Process process = builder.start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
        String text = Files.readString(output).strip();
        assertThat(process.exitValue()).as("%s: %s", command, text).isZero();
        return text;
    }
}
