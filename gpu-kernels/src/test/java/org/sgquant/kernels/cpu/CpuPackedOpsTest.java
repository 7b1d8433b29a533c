package org.sgquant.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.sgquant.kernels.PackedFixture;
import org.sgquant.kernels.PackedGemmContract;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.PackedOracleContract;
import org.sgquant.kernels.PackedParityContract;
import org.sgquant.kernels.PackedQuantizationContract;
import org.sgquant.kernels.PackedSumsContract;
import org.sgquant.kernels.RowCodeContract;
import org.sgquant.kernels.StochasticRoundingContract;
import org.sgquant.kernels.reference.ReferencePackedOps;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.PackedLayout;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;

class CpuPackedOpsTest {

    @Nested
    class OneThread extends OnThreads {
        OneThread() {
            super(1, CpuKernels.JAVA);
        }
    }

    @Nested
    class ThreeThreads extends OnThreads {
        ThreeThreads() {
            super(3, CpuKernels.JAVA);
        }
    }

    @Nested
    class Avx2 extends OnThreads {
        Avx2() {
            super(3, CpuKernels.AVX2);
        }
    }

    @Nested
    class Avx512 extends OnThreads {
        Avx512() {
            super(3, CpuKernels.AVX512);
        }
    }

    /** Its sums are those of AVX-512. */
    @Nested
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class Vnni implements PackedGemmContract {

        private final Workers workers;

        Vnni() {
            assumeThat(CpuKernels.VNNI.refusal()).isEmpty();
            workers = new Workers(3);
        }

        @Override
        public PackedOps ops() {
            return new CpuPackedOps(workers, CpuKernels.VNNI);
        }

        @Test
        void sums_have_the_bits_of_the_reference() {
            try (PackedFixture f = new PackedFixture()) {
                CsrGraph graph = f.graph(9, 3, 300, 0, 17, 70);
                QuantScheme scheme = f.scheme(9, 65, BitWidth.Q6, Granularity.BUCKET, Rounding.NEAREST);
                PackedMatrix x = f.packed(ops(), f.matrix(9, 65), scheme);
                for (EdgeWeights weights : Arrays.asList(null, f.weights(ops(), graph, BitWidth.Q8, BitWidth.Q3))) {
                    f.assertSameBits(
                            aggregate(f, ops(), graph, weights, x),
                            aggregate(f, new ReferencePackedOps(), graph, weights, x),
                            weights == null ? "ones" : "weights");
                }
            }
        }

        @AfterAll
        void close() {
            workers.close();
        }
    }

    /** So many edges that edges times the largest product of codes does not fit 64 bits. */
    @Test
    void a_hub_of_millions_of_edges_at_the_greatest_widths_is_summed_exactly() {
        int edges = 8_500_000;
        try (HostMemory memory = new HostMemory();
                Workers workers = new Workers(1)) {
            CsrGraph graph = CsrGraph.of(memory, 1, new int[] {0, edges}, new int[edges]);
            PackedMatrix x = ones(memory, 1, Granularity.ROW_CODE);
            PackedLayout.setCode(x.data(0), 0, BitWidth.Q16, 1, 0, 1000);
            x.rowCodes(0).set(ValueLayout.JAVA_BYTE, 0, (byte) 255);
            PackedMatrix codes = ones(memory, edges, Granularity.TENSOR);
            codes.data(0).asSlice(0, edges).fill((byte) (1000 >> 8));
            codes.data(0)
                    .asSlice(PackedLayout.sectionOffset(BitWidth.Q16, edges, 1), edges)
                    .fill((byte) 1000);
            FloatMatrix out = FloatMatrix.allocate(memory, 1, 1);
            EdgeWeights weights = new EdgeWeights(List.of(new EdgeWeights.Part(0, 1, 0, codes)));
            new CpuPackedOps(workers, CpuKernels.JAVA).spmmWeighted(graph, weights, x, out);
            assertThat(out.get(0, 0)).isEqualTo((float) (edges * (1000L * 1000 * 255)));
        }
    }

    private static FloatMatrix aggregate(
            PackedFixture f, PackedOps ops, CsrGraph graph, EdgeWeights weights, PackedMatrix x) {
        FloatMatrix out = f.output(graph.numRows(), x.cols());
        if (weights == null) {
            ops.spmm(graph, x, out);
        } else {
            ops.spmmWeighted(graph, weights, x, out);
        }
        return out;
    }

    /** One row of codes of 16 bits, 0 at first, of scale 1. */
    private static PackedMatrix ones(HostMemory memory, int cols, Granularity granularity) {
        QuantScheme scheme = QuantScheme.uniform(memory, "x", 1, cols, BitWidth.Q16, granularity);
        scheme.blocks().get(0).params().scale().set(0, 0, 1);
        return PackedMatrix.allocate(memory, scheme);
    }

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    abstract static class OnThreads
            implements PackedQuantizationContract,
                    StochasticRoundingContract,
                    PackedSumsContract,
                    PackedOracleContract,
                    PackedGemmContract,
                    PackedParityContract,
                    RowCodeContract {

        private final Workers workers;
        private final PackedOps ops;

        OnThreads(int threads, CpuKernels kernels) {
            assumeThat(kernels.refusal()).isEmpty();
            workers = new Workers(threads);
            ops = new CpuPackedOps(workers, kernels);
        }

        @Override
        public PackedOps ops() {
            return ops;
        }

        /** Two of five rows hold nearly all edges: several threads share each of them where there are several. */
        @Test
        void rows_that_hold_most_edges_have_the_bits_of_the_reference() {
            try (PackedFixture f = new PackedFixture()) {
                CsrGraph graph = f.graph(9, 3, HubRows.LEAST_EDGES + 12_345, 0, HubRows.LEAST_EDGES, 70);
                FloatMatrix w = f.matrix(5, 3);
                FloatMatrix rowScale = f.matrix(1, 5);
                List<EdgeWeights> all = Arrays.asList(
                        null,
                        f.weights(ops, graph, BitWidth.Q8, BitWidth.Q3),
                        f.weights(ops, graph, BitWidth.Q16, BitWidth.Q1),
                        f.weights(ops, graph, BitWidth.Q4, BitWidth.FP32));
                for (Granularity granularity : Granularity.values()) {
                    QuantScheme scheme = f.scheme(9, 5, BitWidth.Q6, granularity, Rounding.NEAREST);
                    PackedMatrix x = f.packed(ops, f.matrix(9, 5), scheme);
                    for (EdgeWeights weights : all) {
                        String what = granularity + " weights " + all.indexOf(weights);
                        f.assertSameBits(
                                aggregate(f, ops, graph, weights, x),
                                aggregate(f, new ReferencePackedOps(), graph, weights, x),
                                what);
                        FloatMatrix actual = f.output(5, 3);
                        FloatMatrix expected = f.output(5, 3);
                        ops.spmmGemm(graph, weights, x, rowScale, w, actual);
                        new ReferencePackedOps().spmmGemm(graph, weights, x, rowScale, w, expected);
                        f.assertSameBits(actual, expected, what + ", multiplied");
                    }
                }
            }
        }

        /** A hub of more columns than C++ sums at once. */
        @Test
        void a_shared_row_of_many_columns_has_the_bits_of_the_reference() {
            try (PackedFixture f = new PackedFixture()) {
                CsrGraph graph = f.graph(9, 3, HubRows.LEAST_EDGES + 1, 70);
                PackedMatrix x = f.packed(
                        ops, f.matrix(9, 521), f.scheme(9, 521, BitWidth.Q5, Granularity.BUCKET, Rounding.NEAREST));
                for (EdgeWeights weights : Arrays.asList(null, f.weights(ops, graph, BitWidth.Q8))) {
                    f.assertSameBits(
                            aggregate(f, ops, graph, weights, x),
                            aggregate(f, new ReferencePackedOps(), graph, weights, x),
                            weights == null ? "ones" : "weights");
                }
            }
        }

        @AfterAll
        void close() {
            workers.close();
        }
    }
}
