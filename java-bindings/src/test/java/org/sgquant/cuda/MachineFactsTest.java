package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What child JVMs are told of a stand-in driver, its devices and JCuda's libraries. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class MachineFactsTest {

    private static final String LIBRARY = "libJCudaDriver-12.6.0-linux-x86_64.so";

    @TempDir
    Path folder;

    @TempDir
    Path temporary;

    /** Says in one line what one of the facts is. */
    static final class Tell {
        public static void main(String[] args) {
            try {
                System.out.println(
                        switch (args[0]) {
                            case "driver" ->
                                DriverFacts.read()
                                        .map(driver -> driver.file().getFileName() + "|" + driver.cudaVersion() + "|"
                                                + driver.works())
                                        .orElse("none");
                            case "device" -> {
                                assertThat(CudaProbe.probe().isAvailable()).isTrue();
                                // Twice: a context that stays current fails the second time.
                                DeviceFacts first = DeviceFacts.read(1);
                                assertThat(DeviceFacts.read(1)).isEqualTo(first);
                                yield first;
                            }
                            case "probe-and-open" -> reasons(30);
                            case "jcuda-on-driver" -> JCudaProbe.probe();
                            default -> JCudaProbe.probeWithoutDriver();
                        });
            } catch (CudaUnavailableException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    /** Why JCuda cannot be used, told by a probe and by devices to open afterwards, under a deep stack. */
    private static Set<String> reasons(int depth) {
        if (depth > 0) {
            return reasons(depth - 1);
        }
        Set<String> reasons = new LinkedHashSet<>(Set.of(JCudaProbe.probe().reason()));
        for (int attempt = 0; attempt < 2; attempt++) {
            try (CudaDevice device = CudaDevice.open(0)) {
                reasons.add("opened " + device.name());
            } catch (CudaUnavailableException e) {
                reasons.add(e.getMessage());
            }
        }
        return reasons;
    }

    private String told(StandInDriver driver, String fact, Map<String, String> environment) throws Exception {
        return driver.with("-Djava.io.tmpdir=" + temporary).lastLine(Tell.class, environment, fact);
    }

    @Test
    void the_driver_tells_its_file_and_the_cuda_it_serves() throws Exception {
        StandInDriver driver = StandInDriver.compile(folder);
        assertThat(told(driver, "driver", Map.of())).isEqualTo("libcuda.so.1|13.0|true");
        assertThat(told(driver, "driver", Map.of("STANDIN_DRIVER", "12060"))).isEqualTo("libcuda.so.1|12.6|true");
    }

    @Test
    void a_driver_works_without_a_device_but_not_when_it_fails() throws Exception {
        StandInDriver driver = StandInDriver.compile(folder);
        assertThat(told(driver, "driver", Map.of("STANDIN_FAIL", "cuInit=100"))).endsWith("|true");
        assertThat(told(driver, "driver", Map.of("STANDIN_FAIL", "cuInit=999"))).endsWith("|false");
        assertThat(told(driver, "driver", Map.of("STANDIN_FAIL", "cuInit=34,cuDriverGetVersion=34")))
                .isEqualTo("libcuda.so.1||false");
    }

    @Test
    void what_is_no_library_is_no_driver() throws Exception {
        Files.writeString(folder.resolve("libcuda.so.1"), "not a library");
        assertThat(told(StandInDriver.none(folder), "driver", Map.of())).isEqualTo("none");
    }

    @Test
    void a_device_tells_its_name_capability_and_memory() throws Exception {
        assertThat(told(StandInDriver.compile(folder), "device", Map.of()))
                .isEqualTo("DeviceFacts[ordinal=1, name=stand-in 1, computeCapability=90, totalMemory=1073741825,"
                        + " freeMemory=OptionalLong[1073741824], remark=]");
    }

    @Test
    void a_device_that_takes_no_context_tells_all_but_its_free_memory() throws Exception {
        StandInDriver driver = StandInDriver.compile(folder);
        String facts = "DeviceFacts[ordinal=1, name=stand-in 1, computeCapability=90, totalMemory=1073741825,"
                + " freeMemory=OptionalLong.empty, remark=";
        String held = "in exclusive use or full (end the program that holds it: nvidia-smi shows it)]";
        assertThat(told(driver, "device", Map.of("STANDIN_BUSY", "1"))).isEqualTo(facts + held);
        assertThat(told(driver, "device", Map.of("STANDIN_BUSY", "0"))).endsWith("remark=]");
        assertThat(told(driver, "device", Map.of("STANDIN_FAIL", "cuDevicePrimaryCtxRetain=2")))
                .isEqualTo(facts + held);
        assertThat(told(driver, "device", Map.of("STANDIN_FAIL", "cuDevicePrimaryCtxRetain=101")))
                .isEqualTo(facts + "cuDevicePrimaryCtxRetain failed: CUDA_ERROR_INVALID_DEVICE]");
        for (String release : List.of("", ",cuDevicePrimaryCtxRelease_v2=709")) {
            assertThat(told(driver, "device", Map.of("STANDIN_FAIL", "cuMemGetInfo_v2=700" + release)))
                    .as("the first failure is told")
                    .isEqualTo(facts + "cuMemGetInfo_v2 failed: CUDA_ERROR_ILLEGAL_ADDRESS]");
        }
    }

    @Test
    void the_call_that_failed_is_named() throws Exception {
        assertThat(told(StandInDriver.compile(folder), "device", Map.of("STANDIN_FAIL", "cuDeviceGetName=3")))
                .isEqualTo("cuDeviceGetName failed: CUDA_ERROR_NOT_INITIALIZED");
    }

    @Test
    void jcuda_is_tried_with_a_driver_and_without() throws Exception {
        assertThat(told(StandInDriver.compile(folder), "jcuda-on-driver", Map.of()))
                .startsWith("JCudaProbe[library=JCudaDriver, origin=jar:file:/")
                .endsWith("/" + LIBRARY + ", reason=]");
        assertThat(told(StandInDriver.none(folder), "jcuda", Map.of()))
                .startsWith("JCudaProbe[library=JNvPTXCompiler, origin=jar:file:/")
                .endsWith(".so, reason=]");
    }

    @Test
    void why_it_does_not_load_is_told_alike_every_time() throws Exception {
        StandInDriver driver = NoexecFolder.at(temporary, StandInDriver.compile(folder));
        assertThat(told(driver, "probe-and-open", Map.of()))
                .isEqualTo("[JCuda's native library " + LIBRARY + " cannot be loaded: the temporary folder " + temporary
                        + " lets no program run (mounted noexec): name another by -Djava.io.tmpdir=FOLDER]");
    }

    @Test
    void natives_that_are_not_on_the_class_path_have_no_origin() throws Exception {
        assertThat(told(StandInDriver.none(folder).withoutJar("jcuda-natives"), "jcuda", Map.of()))
                .startsWith("JCudaProbe[library=JNvPTXCompiler, origin=, reason=JCuda's native library ")
                .contains(" is not on the class path");
    }

    @Test
    void only_files_that_jcuda_itself_would_load_count_as_planted() throws Exception {
        Files.createFile(temporary.resolve(LIBRARY));
        Files.createFile(temporary.resolve("libJCublas2-12.6.0-linux-x86_64.so"));
        Files.createFile(temporary.resolve("libJCudaDriver-11.0.0-linux-x86_64.so"));
        Files.createFile(temporary.resolve("other.so"));
        assertThat(JCudaProbe.planted(temporary))
                .containsExactly(temporary.resolve("libJCublas2-12.6.0-linux-x86_64.so"), temporary.resolve(LIBRARY));
    }

    @Test
    void the_release_is_read_from_what_the_kernel_module_says() {
        assertThat(DriverFacts.release("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release"
                        + " Build  (dvs-builder@U22)  Sun Jul 27\nGCC version:  gcc version 12.3.0"))
                .hasValue("580.65.06");
        assertThat(DriverFacts.release("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.261.03  Thu"))
                .hasValue("535.261.03");
        assertThat(DriverFacts.release("")).isEmpty();
    }
}
