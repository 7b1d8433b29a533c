package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What users read when a driver fails, told by child JVMs over a driver that fails as it is told to. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class FailingDriverTest {

    private static final String DEVICE = "device 0 \"stand-in 0\" sm_90";

    @TempDir
    static Path folder;

    private static StandInDriver driver;

    @BeforeAll
    static void compile() throws Exception {
        driver = StandInDriver.compile(folder);
    }

    /** What a child JVM does with device 0; it prints what it was told. */
    enum Scenario {
        OPEN {
            @Override
            void run(CudaDevice device) {
                tell(device.name() + " sm_" + device.computeCapability());
            }
        },
        MACHINE_CODE {
            @Override
            void run(CudaDevice device) {
                load(device, "sound", "error 218 not to be asked");
            }
        },
        DRIVER_BEFORE_CUDA_13 {
            @Override
            void run(CudaDevice device) {
                load(device, "error 46 not to be asked", "sound");
            }
        },
        MACHINE_CODE_UNSUITABLE {
            @Override
            void run(CudaDevice device) {
                load(device, "error 209 no kernel image", "sound");
            }
        },
        NOTHING_SUITABLE {
            @Override
            void run(CudaDevice device) {
                load(device, "error 200 no ELF", "error 222 version 9.0 is too new");
            }
        },
        MACHINE_CODE_BREAKS {
            @Override
            void run(CudaDevice device) {
                load(device, "error 46 device busy", "sound");
            }
        },
        NO_SUCH_KERNEL {
            @Override
            void run(CudaDevice device) {
                try (CudaModule module = device.load(bytes("sound"), bytes("sound"))) {
                    module.function("absent");
                }
            }
        },
        BROKEN_KERNEL {
            @Override
            void run(CudaDevice device) {
                try (Launches launches = new Launches(device)) {
                    launches.launch(1, "a", "b", "broken", "c", "d");
                    launches.stream.synchronize();
                }
            }
        },
        BROKEN_KERNEL_BEFORE_A_COPY {
            @Override
            void run(CudaDevice device) {
                try (Launches launches = new Launches(device);
                        DeviceMemory memory = device.newMemory("results");
                        Arena arena = Arena.ofConfined()) {
                    MemorySegment results = memory.allocate(64);
                    launches.launch(1, "a");
                    launches.stream.synchronize();
                    launches.launch(1, "broken");
                    launches.stream.copyToHost(results, arena.allocate(64), 64);
                }
            }
        },
        REFUSED_LAUNCH {
            @Override
            void run(CudaDevice device) {
                try (Launches launches = new Launches(device)) {
                    launches.launch(1, "a");
                    launches.launch(0, "b");
                }
            }
        },
        REFUSED_LAUNCH_IN_CAPTURE {
            @Override
            void run(CudaDevice device) {
                try (Launches launches = new Launches(device)) {
                    launches.stream.beginCapture();
                    launches.launch(1, "a");
                    try {
                        launches.launch(0, "b");
                    } catch (CudaException e) {
                        launches.stream.abortCapture();
                        tell(launches.stream.isCapturing() + " " + e.getMessage());
                    }
                }
            }
        },
        CAPTURE {
            @Override
            void run(CudaDevice device) {
                try (Launches launches = new Launches(device)) {
                    launches.stream.beginCapture();
                    launches.launch(1, "a", "b");
                    try (CudaGraph graph = launches.stream.endCapture()) {
                        graph.launch(launches.stream);
                        launches.launch(1, "broken");
                        launches.stream.synchronize();
                    } finally {
                        tell("capturing: " + launches.stream.isCapturing());
                    }
                }
            }
        },
        OUT_OF_MEMORY {
            @Override
            void run(CudaDevice device) {
                try (DeviceMemory plan = device.newMemory("plan");
                        DeviceMemory graph = device.newMemory("graph")) {
                    plan.allocate(200L << 20);
                    graph.allocate(100L << 20);
                    graph.allocate(212L << 20);
                    plan.allocate(640L << 20);
                }
            }
        },
        LEAVE_OPEN {
            @Override
            void run(CudaDevice device) {
                device.newStream();
                device.newMemory("plan").allocate(1);
            }
        };

        abstract void run(CudaDevice device);

        static void load(CudaDevice device, String fatbin, String ptx) {
            try (CudaModule module = device.load(bytes(fatbin), bytes(ptx))) {
                tell(module.function("sound").name());
            }
        }

        static byte[] bytes(String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }

    /** A stream and a module to launch kernels by name. */
    private static final class Launches implements AutoCloseable {
        final CudaStream stream;
        private final CudaModule module;
        private final KernelArguments arguments = new KernelArguments();

        Launches(CudaDevice device) {
            stream = device.newStream();
            module = device.load(new byte[1], new byte[1]);
        }

        void launch(int gridX, String... kernels) {
            for (String kernel : kernels) {
                module.function(kernel).launch(stream, gridX, 1, 1, 32, 0, arguments);
            }
        }

        @Override
        public void close() {
            arguments.close();
            module.close();
            stream.close();
        }
    }

    /** Prints what goes wrong, each exception on a line. */
    static final class Child {
        public static void main(String[] args) {
            try (CudaDevice device = CudaDevice.open(Integer.parseInt(args[1]))) {
                Scenario.valueOf(args[0]).run(device);
            } catch (RuntimeException e) {
                tell(e.getClass().getSimpleName() + ": " + e.getMessage());
                for (Throwable also : e.getSuppressed()) {
                    tell("also " + also.getClass().getSimpleName() + ": " + also.getMessage());
                }
            }
        }
    }

    private static void tell(String text) {
        System.out.println(text);
    }

    @Test
    void a_sound_driver_opens() throws Exception {
        assertThat(told(Scenario.OPEN, "")).isEqualTo("stand-in 0 sm_90");
    }

    @Test
    void a_device_that_cannot_be_opened_is_unavailable() throws Exception {
        assertThat(told(Scenario.OPEN, "cuDevicePrimaryCtxRetain=46"))
                .isEqualTo("CudaUnavailableException: CUDA device 0 cannot be opened: "
                        + "cuDevicePrimaryCtxRetain: CUDA_ERROR_DEVICE_UNAVAILABLE (46): some error");
    }

    @Test
    void a_device_that_does_not_exist_is_unavailable() throws Exception {
        for (String ordinal : new String[] {"2", "-1"}) {
            assertThat(driver.lastLine(Child.class, Map.of(), "OPEN", ordinal))
                    .isEqualTo("CudaUnavailableException: there is no CUDA device " + ordinal
                            + ": the driver sees 2, counted from 0");
        }
    }

    @Test
    void ptx_is_asked_only_where_machine_code_does_not_suit() throws Exception {
        assertThat(told(Scenario.MACHINE_CODE, "")).isEqualTo("sound");
        assertThat(told(Scenario.MACHINE_CODE_UNSUITABLE, "")).isEqualTo("sound");
        assertThat(told(Scenario.NOTHING_SUITABLE, ""))
                .isEqualTo("CudaUnavailableException: the kernels load neither as machine code nor as PTX on " + DEVICE
                        + "; machine code: CUDA_ERROR_INVALID_IMAGE (200): no ELF"
                        + "; PTX: CUDA_ERROR_UNSUPPORTED_PTX_VERSION (222): version 9.0 is too new");
        assertThat(told(Scenario.MACHINE_CODE_BREAKS, ""))
                .startsWith("CudaException: cuModuleLoadDataEx: CUDA_ERROR_DEVICE_UNAVAILABLE (46): ")
                .endsWith("device busy");
    }

    @Test
    void a_driver_before_cuda_13_gets_ptx_at_once() throws Exception {
        assertThat(driver.finish(driver.startMain(
                        "child",
                        Child.class,
                        Map.of("STANDIN_DRIVER", "12080"),
                        Scenario.DRIVER_BEFORE_CUDA_13.name(),
                        "0")))
                .isEqualTo("sound");
    }

    @Test
    void a_kernel_that_does_not_exist_is_named() throws Exception {
        assertThat(told(Scenario.NO_SUCH_KERNEL, ""))
                .isEqualTo("IllegalArgumentException: CudaModule.function: the module on " + DEVICE
                        + " has no kernel 'absent'");
    }

    @Test
    void what_waits_names_the_last_kernels() throws Exception {
        assertThat(told(Scenario.BROKEN_KERNEL, ""))
                .isEqualTo("CudaException: cuStreamSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS (700): illegal address; "
                        + "not yet waited for: the last 4 of 5 launches: b, broken, c, d");
        assertThat(told(Scenario.BROKEN_KERNEL_BEFORE_A_COPY, ""))
                .isEqualTo("CudaException: cuStreamSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS (700): illegal address; "
                        + "not yet waited for: the launches: broken");
    }

    @Test
    void failures_to_free_do_not_hide_the_first_failure() throws Exception {
        assertThat(told(Scenario.BROKEN_KERNEL_BEFORE_A_COPY, "cuMemFree_v2=700,cuStreamDestroy_v2=700")
                        .lines())
                .satisfiesExactly(
                        first -> assertThat(first).contains("cuStreamSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS"),
                        second -> assertThat(second).startsWith("also CudaException: cuMemFree: "),
                        third -> assertThat(third).startsWith("also CudaException: cuStreamDestroy: "));
    }

    @Test
    void a_refused_launch_tells_its_shape() throws Exception {
        assertThat(told(Scenario.REFUSED_LAUNCH, ""))
                .isEqualTo("CudaException: cuLaunchKernel(b): CUDA_ERROR_INVALID_VALUE (1): some error; "
                        + "grid=(0,1,1) block=32 shared=0 B, " + DEVICE + "; not yet waited for: the launches: a");
        assertThat(told(Scenario.REFUSED_LAUNCH_IN_CAPTURE, ""))
                .isEqualTo("false cuLaunchKernel(b): CUDA_ERROR_INVALID_VALUE (1): some error; "
                        + "grid=(0,1,1) block=32 shared=0 B, " + DEVICE
                        + "; while a graph was being captured, after the launches: a");
    }

    @Test
    void a_graph_is_named_by_its_kernels() throws Exception {
        assertThat(told(Scenario.CAPTURE, ""))
                .isEqualTo("capturing: false\nCudaException: cuStreamSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS (700): "
                        + "illegal address; not yet waited for: the launches: graph (the launches: a, b), broken");
    }

    @Test
    void a_capture_that_fails_leaves_the_stream_usable() throws Exception {
        assertThat(told(Scenario.CAPTURE, "cuStreamEndCapture=901"))
                .isEqualTo(
                        "capturing: false\nCudaException: cuStreamEndCapture: CUDA_ERROR_STREAM_CAPTURE_INVALIDATED (901): "
                                + "some error; while a graph was being captured, after the launches: a, b");
        assertThat(told(Scenario.CAPTURE, "cuGraphInstantiateWithFlags=2")).contains("cuGraphInstantiate: ");
        assertThat(told(Scenario.REFUSED_LAUNCH_IN_CAPTURE, "cuStreamEndCapture=901"))
                .startsWith("false cuLaunchKernel(b)");
    }

    @Test
    void out_of_memory_tells_who_holds_it() throws Exception {
        assertThat(told(Scenario.OUT_OF_MEMORY, ""))
                .isEqualTo("CudaException: cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY (2): requested 640.0 MiB, "
                        + "free 512.0 MiB of 1.0 GiB; held: graph 312.0 MiB, plan 200.0 MiB");
    }

    @Test
    void what_is_left_open_is_named_and_closed() throws Exception {
        assertThat(told(Scenario.LEAVE_OPEN, "cuStreamDestroy_v2=4").lines())
                .containsExactly(
                        "IllegalStateException: CudaDevice.close: left open on " + DEVICE + ": stream, memory 'plan'",
                        "also CudaException: cuStreamDestroy: CUDA_ERROR_DEINITIALIZED (4): some error");
    }

    private static String told(Scenario scenario, String failures) throws Exception {
        return driver.finish(
                driver.startMain("child", Child.class, Map.of("STANDIN_FAIL", failures), scenario.name(), "0"));
    }
}
