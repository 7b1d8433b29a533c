package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sgquant.cuda.CudaCounters;
import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Replay;
import org.sgquant.kernels.Transfer;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.ShapeException;

/** What products over packed operands ask of the host: row pointers, once, to check edge weights against. */
@OnDevice
class CudaAggregationTest {

    @Test
    void a_weighted_product_copies_the_row_pointers_once_and_can_be_recorded() {
        try (Backend backend = CudaBackend.open(0);
                Memory memory = backend.newMemory("test")) {
            CsrGraph graph = graph(backend, memory);
            EdgeWeights weights = floatWeights(backend, memory, new float[] {0.5f, 2, 3});
            PackedMatrix x = floats(backend, memory, new float[][] {{1, 10}, {100, 1000}});
            FloatMatrix out = FloatMatrix.allocate(memory, 2, 2);
            try (Replay replay = backend.replayable(() -> backend.packed().spmmWeighted(graph, weights, x, out))) {
                replay.run();
                long copies = CudaCounters.copiesToHost();
                replay.run();
                replay.run();
                assertThat(CudaCounters.copiesToHost()).isEqualTo(copies);
            }
            float[][] sums = Transfer.download(backend, out);
            assertThat(sums[0]).containsExactly(200.5f, 2005);
            assertThat(sums[1]).containsExactly(300, 3000);
        }
    }

    @Test
    void weights_of_other_edges_are_refused_before_anything_is_launched() {
        try (Backend backend = CudaBackend.open(0);
                Memory memory = backend.newMemory("test")) {
            CsrGraph graph = graph(backend, memory);
            EdgeWeights weights = floatWeights(backend, memory, new float[] {1, 2});
            PackedMatrix x = floats(backend, memory, new float[2][2]);
            FloatMatrix out = FloatMatrix.allocate(memory, 2, 2);
            long launches = CudaCounters.launches("spmm_csr_weighted");
            assertThatThrownBy(() -> backend.packed().spmmWeighted(graph, weights, x, out))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("edge weights: columns must equal the edges of rows 0 to 2: 2 != 3");
            assertThat(CudaCounters.launches("spmm_csr_weighted")).isEqualTo(launches);
        }
    }

    /** Row 0 has the sources 0 and 1, row 1 the source 1. */
    private static CsrGraph graph(Backend backend, Memory memory) {
        try (HostMemory host = new HostMemory()) {
            return new Transfer(backend, memory).graph(CsrGraph.of(host, 2, new int[] {0, 2, 3}, new int[] {0, 1, 1}));
        }
    }

    private static EdgeWeights floatWeights(Backend backend, Memory memory, float[] values) {
        return new EdgeWeights(List.of(new EdgeWeights.Part(0, 2, 0, floats(backend, memory, new float[][] {values}))));
    }

    /** A matrix of one block of 32 bits. */
    private static PackedMatrix floats(Backend backend, Memory memory, float[][] values) {
        FloatMatrix matrix = FloatMatrix.allocate(memory, values.length, values[0].length);
        Transfer.copy(backend, values, matrix);
        QuantScheme scheme = QuantScheme.uniform(
                memory, "floats", values.length, values[0].length, BitWidth.FP32, Granularity.TENSOR);
        PackedMatrix packed = PackedMatrix.allocate(memory, scheme);
        backend.packed().pack(matrix, packed);
        return packed;
    }
}
