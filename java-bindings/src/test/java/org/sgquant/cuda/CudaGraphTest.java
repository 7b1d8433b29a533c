package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sgquant.cuda.testing.OnDevice;

@OnDevice
class CudaGraphTest {

    private static final int N = 1009;

    private CudaDevice device;
    private CudaStream stream;
    private CudaModule module;
    private CudaFunction fill;
    private DeviceMemory memory;
    private KernelArguments arguments;
    private Arena arena;
    private MemorySegment a;
    private MemorySegment b;

    @BeforeEach
    void open() {
        device = CudaDevice.open(0);
        stream = device.newStream();
        module = Kernels.load(device);
        fill = module.function(Kernels.FILL);
        memory = device.newMemory("test");
        arguments = new KernelArguments();
        arena = Arena.ofConfined();
        a = memory.allocate(4 * N);
        b = memory.allocate(4 * N);
    }

    @AfterEach
    void close() {
        arena.close();
        arguments.close();
        memory.close();
        module.close();
        stream.close();
        device.close();
    }

    @Test
    void replays_what_was_recorded_and_nothing_before() {
        stream.beginCapture();
        assertThat(stream.isCapturing()).isTrue();
        fill(a, 3);
        fill(b, 4);
        stream.fill(a, (byte) 0, 8);
        try (CudaGraph graph = stream.endCapture()) {
            assertThat(stream.isCapturing()).isFalse();
            assertThat(read(a)).containsOnly(0);
            assertThat(read(b)).containsOnly(0);
            long launches = CudaCounters.graphLaunches();
            for (int round = 0; round < 3; round++) {
                fill(a, -1);
                fill(b, -1);
                graph.launch(stream);
                float[] values = read(a);
                assertThat(values[0]).isZero();
                assertThat(values[1]).isZero();
                assertThat(values[2]).isEqualTo(3);
                assertThat(values[N - 1]).isEqualTo(3);
                assertThat(read(b)).containsOnly(4);
            }
            assertThat(CudaCounters.graphLaunches() - launches).isEqualTo(3);
        }
    }

    @Test
    void arguments_are_those_of_the_capture() {
        stream.beginCapture();
        fill(a, 1);
        arguments.reset().pointer(b).float32(9).int64(N);
        try (CudaGraph graph = stream.endCapture()) {
            graph.launch(stream);
            assertThat(read(a)).containsOnly(1);
            assertThat(read(b)).containsOnly(0);
        }
    }

    @Test
    void runs_on_another_stream_too() {
        stream.beginCapture();
        fill(a, 2);
        try (CudaGraph graph = stream.endCapture();
                CudaStream other = device.newStream()) {
            graph.launch(other);
            other.synchronize();
            assertThat(read(a)).containsOnly(2);
        }
    }

    @Test
    void an_empty_capture_is_a_graph() {
        stream.beginCapture();
        try (CudaGraph graph = stream.endCapture()) {
            graph.launch(stream);
            stream.synchronize();
        }
    }

    @Test
    void what_a_graph_cannot_do_is_refused_and_the_capture_goes_on() {
        MemorySegment host = arena.allocate(4 * N);
        try (PinnedMemory pinned = device.newPinnedMemory();
                CudaEvent event = device.newEvent();
                CudaGraph empty = emptyGraph()) {
            stream.beginCapture();
            fill(a, 5);
            refused("CudaStream.synchronize", stream::synchronize);
            refused("CudaStream.copyToHost", () -> stream.copyToHost(a, host, 4));
            refused("CudaStream.copyToDevice", () -> stream.copyToDevice(host, a, 4));
            refused("CudaStream.beginCapture", stream::beginCapture);
            refused("CudaEvent.record", () -> event.record(stream));
            refused("DeviceMemory.allocate", () -> memory.allocate(4));
            refused("PinnedMemory.allocate", () -> pinned.allocate(4));
            refused("CudaGraph.launch", () -> empty.launch(stream));
            fill(b, 6);
            try (CudaGraph graph = stream.endCapture()) {
                graph.launch(stream);
                assertThat(read(a)).containsOnly(5);
                assertThat(read(b)).containsOnly(6);
            }
        }
    }

    private CudaGraph emptyGraph() {
        stream.beginCapture();
        return stream.endCapture();
    }

    private static void refused(String call, Runnable action) {
        assertThatThrownBy(action::run)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(call + ": not possible ")
                .hasMessageEndingWith(" being captured");
    }

    @Test
    void other_streams_and_threads_go_on_meanwhile() throws InterruptedException {
        try (CudaStream other = device.newStream()) {
            stream.beginCapture();
            other.fill(b, (byte) 1, 4 * N);
            other.synchronize();
            Thread thread = new Thread(() -> memory.allocate(64));
            thread.start();
            thread.join();
            assertThat(memory.allocatedBytes()).isEqualTo(8 * N + 64);
            stream.endCapture().close();
        }
    }

    @Test
    void an_aborted_capture_leaves_nothing() {
        stream.abortCapture();
        stream.beginCapture();
        fill(a, 5);
        stream.abortCapture();
        assertThat(stream.isCapturing()).isFalse();
        assertThat(read(a)).containsOnly(0);
        fill(a, 6);
        assertThat(read(a)).containsOnly(6);
    }

    @Test
    void memory_closed_meanwhile_ends_the_capture() {
        DeviceMemory other = device.newMemory("other");
        other.allocate(64);
        stream.beginCapture();
        fill(a, 5);
        other.close();
        assertThat(stream.isCapturing()).isFalse();
        assertThatThrownBy(stream::endCapture)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("CudaStream.endCapture: the stream is not being captured: it was dropped when the memory"
                        + " 'other' was closed");
        fill(a, 6);
        assertThat(read(a)).containsOnly(6);
    }

    @Test
    void ends_only_what_has_begun() {
        assertThatThrownBy(stream::endCapture)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("CudaStream.endCapture: the stream is not being captured");
    }

    @Test
    void a_closed_graph_is_refused() {
        CudaGraph graph = emptyGraph();
        graph.close();
        graph.close();
        assertThatThrownBy(() -> graph.launch(stream))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("CudaGraph.launch: the graph is closed");
    }

    @Test
    void a_refused_launch_names_itself_and_the_capture_can_be_dropped() {
        stream.beginCapture();
        fill(a, 1);
        arguments.reset().pointer(a).float32(1).int64(N);
        assertThatThrownBy(() -> fill.launch(stream, 0, 1, 1, 32, 0, arguments))
                .isInstanceOf(CudaException.class)
                .hasMessageStartingWith("cuLaunchKernel(fill_f32): ")
                .hasMessageEndingWith("; while a graph was being captured, after the launches: fill_f32");
        stream.abortCapture();
        fill(a, 7);
        assertThat(read(a)).containsOnly(7);
    }

    private void fill(MemorySegment out, float value) {
        arguments.reset().pointer(out).float32(value).int64(N);
        fill.launch(stream, 2, 1, 1, Kernels.BLOCK, 0, arguments);
    }

    private float[] read(MemorySegment segment) {
        MemorySegment host = arena.allocate(segment.byteSize(), 4);
        stream.copyToHost(segment, host, segment.byteSize());
        return host.toArray(ValueLayout.JAVA_FLOAT);
    }
}
