package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
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

    /** Whether the driver is mapped once it was asked. */
    static final class StaysLoaded {
        public static void main(String[] args) throws IOException {
            CudaProbe.probe();
            System.out.println(Files.readString(Path.of("/proc/self/maps")).contains("libcuda.so.1"));
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
                "34; 0; 2; 0|false|libcuda.so.1 is the toolkit's stub: take .../stubs out of LD_LIBRARY_PATH",
                "0; 3; 2; 0|false|cuDeviceGetCount failed with CUDA error 3"
            })
    void the_answers_of_the_driver_are_told(int init, int status, int count, String expected) throws Exception {
        StandInDriver driver = StandInDriver.compile(folder, """
                int cuInit(unsigned flags) { return flags == 0 ? %d : 1; }
                int cuDeviceGetCount(int *count) { *count = %d; return %d; }
                """.formatted(init, count, status));
        assertThat(probe(driver)).isEqualTo(expected);
    }

    @Test
    void a_driver_that_was_asked_stays_loaded() throws Exception {
        StandInDriver driver = StandInDriver.compile(folder, """
                int cuInit(unsigned flags) { return (int) flags; }
                int cuDeviceGetCount(int *count) { *count = 1; return 0; }
                """);
        assertThat(driver.lastLine(StaysLoaded.class, Map.of())).isEqualTo("true");
    }

    @Test
    void a_library_that_is_no_driver_is_named() throws Exception {
        StandInDriver driver = StandInDriver.compile(folder, "int cuInit(unsigned flags) { return (int) flags; }");
        assertThat(probe(driver)).isEqualTo("0|false|libcuda.so.1 has no function cuDeviceGetCount");
    }

    @Test
    void a_file_that_is_no_library_counts_as_no_driver() throws Exception {
        Files.writeString(folder.resolve("libcuda.so.1"), "not a library");
        assertThat(probe(StandInDriver.none(folder)))
                .isEqualTo("0|false|libcuda.so.1 cannot be loaded (no NVIDIA driver)");
    }

    private static String probe(StandInDriver driver) throws Exception {
        return driver.lastLine(Printer.class, Map.of());
    }
}
