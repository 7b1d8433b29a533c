package org.sgquant.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.sgquant.kernels.PackedAttentionContract;
import org.sgquant.kernels.PackedAttentionOps;
import org.sgquant.kernels.PackedAttentionOracleContract;
import org.sgquant.kernels.SoftmaxOrder;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.ShapeException;

class CpuPackedAttentionOpsTest {

    @Nested
    class OneThread extends OnThreads {
        OneThread() {
            super(1);
        }
    }

    @Nested
    class ThreeThreads extends OnThreads {
        ThreeThreads() {
            super(3);
        }
    }

    @Test
    void a_row_of_more_values_than_an_array_holds_is_refused() {
        int edges = (1 << 25) + 1;
        try (HostMemory memory = new HostMemory()) {
            CsrGraph graph = new CsrGraph(1, 1, IntArray.of(memory, 0, edges), IntArray.allocate(memory, 0));
            QuantScheme scheme =
                    QuantScheme.uniform(memory, "L1.attention", edges, 64, BitWidth.Q4, Granularity.TENSOR);
            AttentionRow row =
                    new AttentionRow(graph, (i, e, j, into, at) -> {}, SoftmaxOrder.ROUND_THEN_DIVIDE, scheme);
            assertThatThrownBy(() -> row.moveTo(0))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage(
                            "attention L1.attention: got 33554433 edges of row 0 with 64 heads, the CPU takes at most"
                                    + " 2147483639 values of a row");
        }
    }

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    abstract static class OnThreads implements PackedAttentionContract, PackedAttentionOracleContract {

        private final Workers workers;
        private final PackedAttentionOps ops;

        OnThreads(int threads) {
            workers = new Workers(threads);
            ops = new CpuPackedAttentionOps(workers);
        }

        @Override
        public PackedAttentionOps ops() {
            return ops;
        }

        @AfterAll
        void close() {
            workers.close();
        }
    }
}
