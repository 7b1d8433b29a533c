package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.cuda.CudaCounters;
import org.sgquant.cuda.testing.LibraryTests;
import org.sgquant.cuda.testing.OnLibraries;
import org.sgquant.kernels.AttentionOps;
import org.sgquant.kernels.AttentionOpsContract;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.DenseOpsContract;
import org.sgquant.kernels.RandomTensors;
import org.sgquant.kernels.Replay;
import org.sgquant.kernels.SparseOps;
import org.sgquant.kernels.SparseOpsContract;
import org.sgquant.kernels.TrainingLibraries;
import org.sgquant.kernels.Transfer;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;

/** The contracts of training's products, and their errors, with the libraries of CUDA in the place of our kernels. */
@OnLibraries
class CudaLibraryOpsTest {

    private static final Map<TrainingLibraries, CudaBackend> BACKENDS = new HashMap<>();

    private final RandomTensors random = new RandomTensors();

    private static CudaBackend backend(String dense, String sparse) {
        return BACKENDS.computeIfAbsent(
                new TrainingLibraries(dense, sparse), libraries -> CudaBackend.open(0, libraries));
    }

    @AfterAll
    static void closeBackends() {
        BACKENDS.values().forEach(CudaBackend::close);
        BACKENDS.clear();
    }

    @AfterEach
    void freeOperands() {
        random.close();
    }

    @Nested
    class Cublas extends DenseOpsContract {
        @Override
        protected DenseOps ops() {
            return HostOperands.dense(backend("cublas", "own"));
        }
    }

    @Nested
    class CublasTf32 extends DenseOpsContract {
        @Override
        protected DenseOps ops() {
            return HostOperands.dense(backend("cublas-tf32", "own"));
        }
    }

    @Nested
    class CublasFp16 extends DenseOpsContract {
        @Override
        protected DenseOps ops() {
            return HostOperands.dense(backend("cublas-fp16", "own"));
        }
    }

    @Nested
    class CublasBf16 extends DenseOpsContract {
        @Override
        protected DenseOps ops() {
            return HostOperands.dense(backend("cublas-bf16", "own"));
        }
    }

    @Nested
    class CusparseProducts extends SparseOpsContract {
        @Override
        protected SparseOps ops() {
            return HostOperands.sparse(backend("own", "cusparse"));
        }
    }

    @Nested
    class CusparseProductsFp16 extends SparseOpsContract {
        @Override
        protected SparseOps ops() {
            return HostOperands.sparse(backend("own", "cusparse-fp16"));
        }
    }

    @Nested
    class CusparseSamples extends AttentionOpsContract {
        @Override
        protected AttentionOps ops() {
            return HostOperands.attention(backend("own", "cusparse"));
        }
    }

    @Nested
    class CusparseSamplesFp16 extends AttentionOpsContract {
        @Override
        protected AttentionOps ops() {
            return HostOperands.attention(backend("own", "cusparse-fp16"));
        }
    }

    /** @param bits of significance of an operand rounded to the nearest; one less where it may be truncated, as TF32 */
    @ParameterizedTest
    @CsvSource({"cublas, 24", "cublas-tf32, 10", "cublas-fp16, 11", "cublas-bf16, 8"})
    void a_dense_product_errs_by_the_rounding_of_operands_and_sums(String dense, int bits) {
        for (int depth : new int[] {1, 31, 32, 33, 1009}) {
            FloatMatrix a = random.normal(7, depth);
            FloatMatrix b = random.normal(depth, 33);
            FloatMatrix c = random.zeros(7, 33);
            HostOperands.dense(backend(dense, "own")).gemm(a, false, b, false, c);
            double worst = 0;
            for (int i = 0; i < 7; i++) {
                for (int j = 0; j < 33; j++) {
                    double sum = 0;
                    double magnitude = 0;
                    for (int k = 0; k < depth; k++) {
                        double product = (double) a.get(i, k) * b.get(k, j);
                        sum += product;
                        magnitude += Math.abs(product);
                    }
                    assertThat((double) c.get(i, j)).isCloseTo(sum, within(magnitude * bound(bits, depth)));
                    worst = Math.max(worst, Math.abs(c.get(i, j) - sum) / magnitude);
                }
            }
            // cuBLAS may take other cores than those of TF32 for a product this small.
            boolean rounds = bits < 24 && (LibraryTests.onEmulator() || !dense.equals("cublas-tf32"));
            assertThat(worst)
                    .as("operands of %s are rounded to %d bits at depth %d", dense, bits, depth)
                    .isGreaterThan(rounds ? Math.scalb(0.01, -bits) : -1);
        }
    }

    /** Relative to the sum of magnitudes: two operands of {@code bits} each, {@code depth} sums in float32. */
    private static double bound(int bits, int depth) {
        return 2.1 * Math.scalb(1.0, -bits) + (depth + 1) * 0x1p-24;
    }

    @ParameterizedTest
    @CsvSource({"cusparse, 24", "cusparse-fp16, 11", "cusparse-alg2, 24", "cusparse-alg2-fp16, 11"})
    void an_aggregation_errs_by_the_rounding_of_operands_and_sums(String sparse, int bits) {
        // An empty row, and a hub.
        int[] rowPtr = {0, 0, 1, 1010, 1013};
        int[] colIdx = new int[1013];
        colIdx[0] = 1008;
        for (int e = 1; e < 1010; e++) {
            colIdx[e] = e - 1;
        }
        colIdx[1011] = 5;
        colIdx[1012] = 6;
        CsrGraph graph = CsrGraph.of(random.memory(), 1009, rowPtr, colIdx);
        FloatMatrix values = random.normal(1, 1013);
        FloatMatrix x = random.normal(1009, 31);
        FloatMatrix out = random.normal(4, 31);
        HostOperands.sparse(backend("own", sparse)).spmm(graph, values, x, out);
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 31; j++) {
                double sum = 0;
                double magnitude = 0;
                for (int e = rowPtr[i]; e < rowPtr[i + 1]; e++) {
                    double product = (double) values.get(0, e) * x.get(colIdx[e], j);
                    sum += product;
                    magnitude += Math.abs(product);
                }
                double tolerance = magnitude * bound(bits, rowPtr[i + 1] - rowPtr[i]);
                assertThat((double) out.get(i, j)).isCloseTo(sum, within(tolerance));
            }
        }
        FloatMatrix samples = random.zeros(1013, 1);
        FloatMatrix targets = random.normal(4, 31);
        HostOperands.attention(backend("own", sparse)).sddmm(graph, targets, x, samples);
        for (int i = 0; i < 4; i++) {
            for (int e = rowPtr[i]; e < rowPtr[i + 1]; e++) {
                double sum = 0;
                double magnitude = 0;
                for (int j = 0; j < 31; j++) {
                    double product = (double) targets.get(i, j) * x.get(colIdx[e], j);
                    sum += product;
                    magnitude += Math.abs(product);
                }
                assertThat((double) samples.get(e, 0)).isCloseTo(sum, within(magnitude * bound(bits, 31)));
            }
        }
    }

    @Test
    void halves_are_rounded_to_the_nearest_even_and_overflow_to_infinity() {
        Random bits = random.random();
        FloatMatrix x = random.zeros(4099, 1);
        float[] edges = {0, -0f, 65504, 65519, 65520, -65536, 1e30f, 0x1p-24f, 0x1p-25f, 0x1.8p-24f, 0x1.fffp-15f, 1};
        for (int i = 0; i < x.rows(); i++) {
            float drawn = Float.intBitsToFloat(bits.nextInt());
            x.set(i, 0, i < edges.length ? edges[i] : i % 2 == 0 ? drawn : (float) bits.nextGaussian());
        }
        FloatMatrix one = FloatMatrix.ofVector(random.memory(), 1);
        FloatMatrix half = random.zeros(x.rows(), 1);
        FloatMatrix brain = random.zeros(x.rows(), 1);
        HostOperands.dense(backend("cublas-fp16", "own")).gemm(x, false, one, false, half);
        HostOperands.dense(backend("cublas-bf16", "own")).gemm(x, false, one, false, brain);
        for (int i = 0; i < x.rows(); i++) {
            float value = x.get(i, 0);
            // Sums begin with 0: -0 is lost. As an object NaN equals NaN.
            assertThat(half.get(i, 0) + 0f)
                    .isEqualTo(Float.valueOf(Float.float16ToFloat(Float.floatToFloat16(value)) + 0f));
            int below = Float.floatToRawIntBits(value) & 0xffff0000;
            double error = Math.abs((double) brain.get(i, 0) - value);
            if (Float.isFinite(brain.get(i, 0))) {
                float next = Float.intBitsToFloat(below + 0x10000);
                assertThat(error).isLessThanOrEqualTo(Math.abs((double) next - Float.intBitsToFloat(below)) / 2);
            } else {
                assertThat(Float.isNaN(brain.get(i, 0))).isEqualTo(Float.isNaN(value));
                assertThat(Float.isFinite(value) && Math.abs(value) < 0x1.ffp127)
                        .isFalse();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "cublas, cusparse, 0",
        "cublas-tf32, cusparse, 0",
        "cublas-bf16, cusparse-fp16, 0",
        // Sums of about 100 in any order, of at most 31 * 3 * 17 terms.
        "cublas, cusparse-alg2, 0.01"
    })
    void recorded_calls_give_what_they_gave_and_call_the_library_no_more(String dense, String sparse, float tolerance) {
        CudaBackend cuda = backend(dense, sparse);
        try (Memory memory = cuda.newMemory("operands")) {
            Transfer transfer = new Transfer(cuda, memory);
            CsrGraph graph = transfer.graph(random.graph(33, 33, 3));
            FloatMatrix x = transfer.matrix(random.normal(33, 31));
            FloatMatrix w = transfer.matrix(random.normal(31, 17));
            FloatMatrix product = FloatMatrix.allocate(memory, 33, 17);
            FloatMatrix out = FloatMatrix.allocate(memory, 33, 17);
            FloatMatrix edges = FloatMatrix.allocate(memory, graph.numEdges(), 1);
            try (Replay replay = cuda.replayable(() -> {
                cuda.dense().gemm(x, false, w, false, product);
                cuda.aggregation().spmm(graph, null, product, out);
                cuda.aggregation().sddmm(graph, out, product, edges);
            })) {
                replay.run();
                float[][] first = Transfer.download(cuda, edges);
                replay.run();
                assertClose(Transfer.download(cuda, edges), first, tolerance);
                long calls = CudaCounters.launches("cublasGemmEx") + CudaCounters.launches("cusparseSpMM");
                cuda.elementwise().zero(edges);
                replay.run();
                assertClose(Transfer.download(cuda, edges), first, tolerance);
                assertThat(CudaCounters.launches("cublasGemmEx") + CudaCounters.launches("cusparseSpMM"))
                        .isEqualTo(calls);
            }
        }
    }

    private static void assertClose(float[][] got, float[][] expected, float tolerance) {
        assertThat(got).hasDimensions(expected.length, 1);
        for (int i = 0; i < got.length; i++) {
            assertThat(got[i][0]).isCloseTo(expected[i][0], within(tolerance));
        }
    }

    @Test
    void gradients_below_the_range_of_fp16_are_kept_by_backward_products() {
        FloatMatrix gradient = random.zeros(3, 1);
        gradient.set(1, 0, 1e-9f);
        FloatMatrix one = FloatMatrix.ofVector(random.memory(), 1);
        FloatMatrix forward = random.zeros(3, 1);
        FloatMatrix backward = random.zeros(3, 1);
        DenseOps ops = HostOperands.dense(backend("cublas-fp16", "own"));
        ops.gemm(gradient, false, one, false, forward);
        ops.gemm(gradient, false, one, true, backward);
        assertThat(forward.get(1, 0)).as("forward").isZero();
        assertThat(backward.get(1, 0)).as("backward").isEqualTo(1e-9f);
    }

    @Test
    void the_device_is_described_with_where_the_libraries_are_from() {
        assertThat(backend("cublas", "cusparse").description())
                .contains("dense products by cublas (cuBLAS ")
                .contains("aggregation of one head by cusparse (cuSPARSE ");
    }
}
