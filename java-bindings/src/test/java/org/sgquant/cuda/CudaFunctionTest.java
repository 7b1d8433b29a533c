package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.cuda.testing.OnDevice;

@OnDevice
class CudaFunctionTest {

    private CudaDevice device;
    private CudaStream stream;
    private CudaModule module;
    private CudaFunction fill;
    private DeviceMemory memory;
    private KernelArguments arguments;

    @BeforeEach
    void open() {
        device = CudaDevice.open(0);
        stream = device.newStream();
        module = Kernels.load(device);
        fill = module.function(Kernels.FILL);
        memory = device.newMemory("test");
        arguments = new KernelArguments();
    }

    @AfterEach
    void close() {
        arguments.close();
        memory.close();
        module.close();
        stream.close();
        device.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 31, 32, 33, 1009, 4 * Kernels.BLOCK + 1})
    void a_kernel_gets_its_arguments(int n) {
        MemorySegment out = memory.allocate(4L * (n + 1));
        for (int blocks : new int[] {1, 3}) {
            float value = -1.25f * blocks;
            arguments.reset().pointer(out).float32(value).int64(n);
            fill.launch(stream, blocks, 1, 1, Kernels.BLOCK, 0, arguments);
            float[] values = read(out);
            for (int i = 0; i < n; i++) {
                assertThat(values[i]).as("value %d", i).isEqualTo(value);
            }
            assertThat(values[n]).as("after the last").isZero();
        }
    }

    @Test
    void launches_are_counted_by_name() {
        long before = CudaCounters.launches(Kernels.FILL);
        launch(1, Kernels.BLOCK, 0);
        launch(2, Kernels.BLOCK, 0);
        assertThat(CudaCounters.launches(Kernels.FILL) - before).isEqualTo(2);
        assertThat(CudaCounters.launchedKernels()).contains(Kernels.FILL);
        assertThat(CudaCounters.launches("never launched")).isZero();
    }

    @Test
    void a_launch_allocates_nothing() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        MemorySegment out = memory.allocate(4);
        launchOften(out, 20_000);
        long before = threads.getCurrentThreadAllocatedBytes();
        launchOften(out, 20_000);
        // Compilation may finish late; one object per launch would be 320 kB at the least.
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(100_000);
        stream.synchronize();
    }

    private void launchOften(MemorySegment out, int times) {
        for (int i = 0; i < times; i++) {
            arguments.reset().pointer(out).float32(1).int64(0);
            fill.launch(stream, 1, 1, 1, 32, 0, arguments);
        }
    }

    @Test
    void much_shared_memory_is_asked_for() {
        launch(1, 32, 48 << 10);
        launch(1, 32, device.maxSharedBytesPerBlock());
        launch(1, 32, 64 << 10);
        stream.synchronize();
        int tooMuch = device.maxSharedBytesPerBlock() + 1;
        assertThatThrownBy(() -> launch(1, 32, tooMuch))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("CudaFunction.launch(fill_f32): shared bytes must be <= ")
                .hasMessageEndingWith(", got " + tooMuch);
    }

    @Test
    void a_wrong_shape_is_told() {
        long before = CudaCounters.launches(Kernels.FILL);
        for (int blocks : new int[] {0, -1}) {
            assertThatThrownBy(() -> launch(blocks, 32, 0))
                    .isInstanceOf(CudaException.class)
                    .hasMessageStartingWith("cuLaunchKernel(fill_f32): CUDA_ERROR_INVALID_VALUE (1): ")
                    .hasMessageContaining("; grid=(" + blocks + ",1,1) block=32 shared=0 B, device 0 \"" + device.name()
                            + "\" sm_" + device.computeCapability());
        }
        assertThatThrownBy(() -> launch(1, 2048, 0)).isInstanceOf(CudaException.class);
        assertThat(CudaCounters.launches(Kernels.FILL)).isEqualTo(before);
        launch(1, 32, 0);
        stream.synchronize();
    }

    @Test
    void host_memory_is_no_pointer_argument() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(8);
            assertThatThrownBy(() -> arguments.reset().pointer(host))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("KernelArguments.pointer: argument 0 must be device memory, got ");
        }
    }

    @Test
    void closed_things_are_refused() {
        try (CudaDevice other = CudaDevice.open(0);
                CudaStream foreign = other.newStream()) {
            assertThatThrownBy(() -> fill.launch(foreign, 1, 1, 1, 32, 0, arguments))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("CudaFunction.launch: the stream must be of device 0 ");
        }
        arguments.close();
        assertThatThrownBy(() -> fill.launch(stream, 1, 1, 1, 32, 0, arguments))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("KernelArguments: already closed");
        arguments = new KernelArguments();
        stream.close();
        assertThatThrownBy(() -> launch(1, 32, 0)).hasMessage("CudaFunction.launch: the stream is closed");
        module.close();
        assertThatThrownBy(() -> launch(1, 32, 0)).hasMessage("CudaFunction.launch: the module is closed");
        assertThatThrownBy(() -> module.function(Kernels.FILL)).hasMessage("CudaModule.function: the module is closed");
    }

    @Test
    void a_kernel_that_does_not_exist_is_named() {
        assertThatThrownBy(() -> module.function("no_such_kernel"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("has no kernel 'no_such_kernel'");
    }

    private void launch(int blocks, int block, int sharedBytes) {
        arguments.reset().pointer(null).float32(0).int64(0);
        fill.launch(stream, blocks, 1, 1, block, sharedBytes, arguments);
    }

    private float[] read(MemorySegment segment) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(segment.byteSize(), 4);
            stream.copyToHost(segment, host, segment.byteSize());
            return host.toArray(ValueLayout.JAVA_FLOAT);
        }
    }
}
