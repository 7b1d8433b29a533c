package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sgquant.cuda.CudaCounters;
import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Backends;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.kernels.ElementwiseOps;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.kernels.OutOfDeviceMemoryException;
import org.sgquant.kernels.Replay;
import org.sgquant.kernels.TrainingLibraries;
import org.sgquant.kernels.Transfer;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/** Selection, memory, late errors and recorded calls of the CUDA backend. */
@OnDevice
class CudaBackendTest {

    @Test
    void auto_takes_cuda_where_there_is_a_device_and_says_so() {
        List<String> lines = new ArrayList<>();
        try (Backend backend = Backends.select("auto", 1, TrainingLibraries.NONE, lines::add)) {
            assertThat(backend.name()).isEqualTo("cuda");
            assertThat(lines).containsExactly("device: " + backend.description());
            assertThat(backend.description()).startsWith("cuda (").contains("sm_");
        }
    }

    @Test
    void a_device_that_is_not_there_is_refused_by_number() {
        assertThatThrownBy(() -> Backends.select("cuda:77", 1, TrainingLibraries.NONE, line -> {}))
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessageStartingWith("CUDA unavailable: there is no CUDA device 77")
                .hasMessageEndingWith("; pass --device cpu to run on the CPU");
    }

    @Test
    void device_memory_cannot_be_read_by_the_host() {
        try (Backend backend = CudaBackend.open(0);
                Memory memory = backend.newMemory("test")) {
            FloatMatrix x = FloatMatrix.allocate(memory, 3, 5);
            assertThatThrownBy(() -> x.get(0, 0)).isInstanceOf(WrongThreadException.class);
            assertThatThrownBy(() -> x.set(0, 0, 1)).isInstanceOf(WrongThreadException.class);
        }
    }

    @Test
    void a_label_that_another_error_hid_does_not_come_up_later() {
        try (Backend backend = CudaBackend.open(0);
                HostMemory memory = new HostMemory()) {
            ElementwiseOps ops = HostOperands.elementwise(backend);
            FloatMatrix logits = FloatMatrix.allocate(memory, 3, 2);
            FloatMatrix metrics = FloatMatrix.allocate(memory, 1, 2);
            IntArray noNode = IntArray.of(memory, 3, 0);
            assertThatThrownBy(
                            () -> ops.softmaxCrossEntropy(logits, IntArray.of(memory, -1, 0, 0), noNode, null, metrics))
                    .hasMessage("softmaxCrossEntropy: node 3 is outside 0..2");
            IntArray nodes = IntArray.of(memory, 0, 1);
            assertThatThrownBy(
                            () -> ops.softmaxCrossEntropy(logits, IntArray.of(memory, 0, 2, 0), nodes, null, metrics))
                    .hasMessage("softmaxCrossEntropy: label 2 of node 1 is outside 0..1");
        }
    }

    @Test
    void what_a_kernel_finds_wrong_is_thrown_once_by_the_next_call_that_waits() {
        try (Backend backend = CudaBackend.open(0);
                Memory memory = backend.newMemory("test")) {
            Transfer transfer = new Transfer(backend, memory);
            FloatMatrix x;
            try (HostMemory host = new HostMemory()) {
                FloatMatrix values = FloatMatrix.allocate(host, 4, 7);
                values.set(2, 3, Float.NEGATIVE_INFINITY);
                values.set(3, 0, Float.NaN);
                x = transfer.matrix(values);
            }
            PackedMatrix packed = PackedMatrix.allocate(
                    memory, QuantScheme.uniform(memory, "L1.message", 4, 7, BitWidth.Q4, Granularity.TENSOR));
            backend.packed().pack(x, packed);
            assertThatThrownBy(backend::finish)
                    .isInstanceOf(NonFiniteException.class)
                    .hasMessage("L1.message: value -Infinity at row 2, column 3 cannot be quantized");
            backend.finish();
            backend.packed().pack(x, packed);
            assertThatThrownBy(() -> Transfer.download(backend, x)).isInstanceOf(NonFiniteException.class);
            assertThat(Transfer.download(backend, x)[2][3]).isEqualTo(Float.NEGATIVE_INFINITY);
        }
    }

    @Test
    void calls_are_recorded_on_the_second_run_and_launched_as_a_graph_from_then_on() {
        try (Backend backend = CudaBackend.open(0);
                Memory memory = backend.newMemory("test")) {
            FloatMatrix sum = FloatMatrix.allocate(memory, 1, 3);
            FloatMatrix one = new Transfer(backend, memory).vector(new float[] {1, 10, 100});
            try (Replay replay = backend.replayable(() -> {
                backend.elementwise().add(sum, one, sum);
                backend.elementwise().add(sum, one, sum);
            })) {
                long graphs = CudaCounters.graphLaunches();
                for (int run = 1; run <= 4; run++) {
                    replay.run();
                    assertThat(Transfer.download(backend, sum)[0]).containsExactly(2 * run, 20 * run, 200 * run);
                    assertThat(CudaCounters.graphLaunches() - graphs).isEqualTo(run - 1);
                }
            }
        }
    }

    @Test
    void a_failure_while_recording_leaves_the_stream_usable() {
        try (Backend backend = CudaBackend.open(0);
                Memory memory = backend.newMemory("test")) {
            FloatMatrix x = new Transfer(backend, memory).vector(new float[] {3});
            int[] runs = {0};
            try (Replay replay = backend.replayable(() -> {
                backend.elementwise().add(x, x, x);
                if (runs[0]++ == 1) {
                    throw new IllegalStateException("in the second run");
                }
            })) {
                replay.run();
                assertThatThrownBy(replay::run).hasMessage("in the second run");
                replay.run();
            }
            assertThat(Transfer.download(backend, x)[0]).containsExactly(12);
        }
    }

    @Test
    void too_little_memory_is_told_with_what_holds_it() {
        try (Backend backend = CudaBackend.open(0);
                Memory graph = backend.newMemory("graph");
                Memory plan = backend.newMemory("plan")) {
            graph.allocate(3 << 20);
            assertThatThrownBy(() -> plan.allocate(1L << 50))
                    .isInstanceOf(OutOfDeviceMemoryException.class)
                    .hasMessageContaining("requested 1024.0 TiB, free ")
                    .hasMessageContaining("held: graph 3.0 MiB");
        }
    }

    @Test
    void memory_left_open_is_named_when_the_backend_closes() {
        Backend backend = CudaBackend.open(0);
        backend.newMemory("forgotten").allocate(100);
        assertThatThrownBy(backend::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("memory 'forgotten'");
    }
}
