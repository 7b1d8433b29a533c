package org.sgquant.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sgquant.kernels.RandomTensors.bits;

import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.kernels.RandomTensors;
import org.sgquant.kernels.StepState;
import org.sgquant.kernels.reference.ReferenceDenseOps;
import org.sgquant.kernels.reference.ReferenceElementwiseOps;
import org.sgquant.kernels.reference.ReferenceSparseOps;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** Order of summation, distance from the reference, and equality over thread counts. */
class CpuNumericsTest {

    private static final double HALF_ULP = 0x1p-24;

    private final RandomTensors random = new RandomTensors();
    private final Workers one = new Workers(1);
    private final Workers three = new Workers(3);

    @AfterEach
    void free() {
        one.close();
        three.close();
        random.close();
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "5, 257, 33", "34, 600, 100", "131, 300, 64"})
    void gemmIsOneFmaChainPerOutput(int m, int k, int n) {
        FloatMatrix a = random.normal(m, k);
        FloatMatrix b = random.normal(k, n);
        FloatMatrix aT = transposed(a);
        FloatMatrix bT = transposed(b);
        float[][] expected = new float[m][n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                for (int t = 0; t < k; t++) {
                    expected[i][j] = Math.fma(a.get(i, t), b.get(t, j), expected[i][j]);
                }
            }
        }
        for (Workers workers : new Workers[] {one, three}) {
            CpuDenseOps ops = new CpuDenseOps(workers);
            FloatMatrix c = random.zeros(m, n);
            ops.gemm(a, false, b, false, c);
            assertThat(bits(c.toArray())).isDeepEqualTo(bits(expected));
            ops.gemm(aT, true, b, false, c);
            assertThat(bits(c.toArray())).as("a transposed").isDeepEqualTo(bits(expected));
            ops.gemm(a, false, bT, true, c);
            assertThat(bits(c.toArray())).as("b transposed").isDeepEqualTo(bits(expected));
            ops.gemm(aT, true, bT, true, c);
            assertThat(bits(c.toArray())).as("both transposed").isDeepEqualTo(bits(expected));
        }
    }

    private FloatMatrix transposed(FloatMatrix m) {
        FloatMatrix t = random.zeros(m.cols(), m.rows());
        for (int i = 0; i < m.rows(); i++) {
            for (int j = 0; j < m.cols(); j++) {
                t.set(j, i, m.get(i, j));
            }
        }
        return t;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 16, 33, 100, 200})
    void spmmIsOneFmaChainPerOutput(int cols) {
        CsrGraph graph = random.graph(801, 501, 10);
        FloatMatrix values = random.normal(1, graph.numEdges());
        FloatMatrix x = random.normal(501, cols);
        float[][] weighted = new float[801][cols];
        float[][] plain = new float[801][cols];
        for (int i = 0; i < 801; i++) {
            for (int e = graph.rowPtr().get(i); e < graph.rowPtr().get(i + 1); e++) {
                for (int j = 0; j < cols; j++) {
                    float xj = x.get(graph.colIdx().get(e), j);
                    weighted[i][j] = Math.fma(values.get(0, e), xj, weighted[i][j]);
                    plain[i][j] += xj;
                }
            }
        }
        for (Workers workers : new Workers[] {one, three}) {
            CpuSparseOps ops = new CpuSparseOps(workers);
            FloatMatrix out = random.zeros(801, cols);
            ops.spmm(graph, values, x, out);
            assertThat(bits(out.toArray())).isDeepEqualTo(bits(weighted));
            ops.spmm(graph, null, x, out);
            assertThat(bits(out.toArray())).isDeepEqualTo(bits(plain));
        }
    }

    @ParameterizedTest
    @CsvSource({"31, 32, 33", "200, 700, 7", "64, 64, 100"})
    void gemmIsWithinItsErrorBoundOfTheReference(int m, int k, int n) {
        FloatMatrix a = random.normal(m, k);
        FloatMatrix b = random.normal(k, n);
        FloatMatrix c = random.zeros(m, n);
        FloatMatrix reference = random.zeros(m, n);
        FloatMatrix magnitude = random.zeros(m, n);
        new CpuDenseOps(three).gemm(a, false, b, false, c);
        new ReferenceDenseOps().gemm(a, false, b, false, reference);
        new ReferenceDenseOps().gemm(random.abs(a), false, random.abs(b), false, magnitude);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                assertClose(c, reference, i, j, (k + 2) * HALF_ULP * magnitude.get(i, j));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 16, 100})
    void spmmIsWithinAnErrorBoundThatGrowsWithTheDegree(int cols) {
        CsrGraph graph = random.graph(301, 2001, 8);
        FloatMatrix values = random.normal(1, graph.numEdges());
        FloatMatrix x = random.normal(2001, cols);
        FloatMatrix out = random.zeros(301, cols);
        FloatMatrix reference = random.zeros(301, cols);
        FloatMatrix magnitude = random.zeros(301, cols);
        new CpuSparseOps(three).spmm(graph, values, x, out);
        new ReferenceSparseOps().spmm(graph, values, x, reference);
        new ReferenceSparseOps().spmm(graph, random.abs(values), random.abs(x), magnitude);
        for (int i = 0; i < 301; i++) {
            for (int j = 0; j < cols; j++) {
                assertClose(out, reference, i, j, (graph.degree(i) + 2) * HALF_ULP * magnitude.get(i, j));
            }
        }
    }

    private static void assertClose(FloatMatrix got, FloatMatrix expected, int i, int j, double tolerance) {
        assertThat(Math.abs((double) got.get(i, j) - expected.get(i, j)))
                .as("row %d, column %d: got %s, expected %s", i, j, got.get(i, j), expected.get(i, j))
                .isLessThanOrEqualTo(tolerance);
    }

    @Test
    void sumRowsAddsChunksOf1024RowsInOrder() {
        FloatMatrix x = random.normal(5003, 100);
        float[] expected = new float[100];
        for (int first = 0; first < 5003; first += 1024) {
            float[] chunk = new float[100];
            for (int i = first; i < Math.min(first + 1024, 5003); i++) {
                for (int j = 0; j < 100; j++) {
                    chunk[j] += x.get(i, j);
                }
            }
            for (int j = 0; j < 100; j++) {
                expected[j] += chunk[j];
            }
        }
        FloatMatrix out = random.zeros(1, 100);
        for (Workers workers : new Workers[] {one, three}) {
            new CpuElementwiseOps(workers).sumRows(x, out);
            assertThat(out.row(0)).isEqualTo(expected);
        }
    }

    @Test
    void lossesAndSoftmaxAreTheReferencesOnAnyNumberOfThreads() {
        FloatMatrix logits = random.normal(3001, 19);
        IntArray labels =
                IntArray.of(random.memory(), random.random().ints(3001, 0, 19).toArray());
        IntArray nodes = IntArray.of(
                random.memory(), random.random().ints(2000, 0, 3001).distinct().toArray());
        FloatMatrix metrics = random.zeros(1, 2);
        FloatMatrix expectedMetrics = random.zeros(1, 2);
        FloatMatrix expected = random.normal(3001, 19);
        FloatMatrix got = random.normal(3001, 19);
        ReferenceElementwiseOps reference = new ReferenceElementwiseOps();
        for (Workers workers : new Workers[] {one, three}) {
            CpuElementwiseOps ops = new CpuElementwiseOps(workers);
            reference.softmaxCrossEntropy(logits, labels, nodes, expected, expectedMetrics);
            ops.softmaxCrossEntropy(logits, labels, nodes, got, metrics);
            assertThat(metrics.get(0, 1)).isEqualTo(expectedMetrics.get(0, 1));
            assertClose(metrics, expectedMetrics, 0, 0, 1e-6);
            assertAllClose(got, expected, 1e-10);
            reference.softmax(logits, expected);
            ops.softmax(logits, got);
            assertAllClose(got, expected, HALF_ULP);
        }
    }

    private static void assertAllClose(FloatMatrix got, FloatMatrix expected, double tolerance) {
        for (int i = 0; i < got.rows(); i++) {
            for (int j = 0; j < got.cols(); j++) {
                assertClose(got, expected, i, j, tolerance);
            }
        }
    }

    @Test
    void trainingOpsGiveTheSameBitsOnAnyNumberOfThreads() {
        FloatMatrix x = random.normal(2900, 100);
        IntArray labels =
                IntArray.of(random.memory(), random.random().ints(2900, 0, 100).toArray());
        sameOnAnyThreads(x, (ops, state, out) -> ops.dropout(x, 0.4f, 2, state, out));
        sameOnAnyThreads(x, (ops, state, out) -> ops.softmax(x, out));
        sameOnAnyThreads(x, (ops, state, out) -> ops.softmaxCrossEntropy(x, labels, labels, out, random.zeros(1, 2)));
        sameOnAnyThreads(x, (ops, state, out) -> {
            ops.copy(x, out);
            ops.adam(out, x, random.zeros(2900, 100), random.zeros(2900, 100), 0.01f, state);
        });
    }

    /** An operation that writes {@code out}. */
    @FunctionalInterface
    private interface Training {
        void run(CpuElementwiseOps ops, StepState state, FloatMatrix out);
    }

    private void sameOnAnyThreads(FloatMatrix like, Training operation) {
        StepState state = StepState.allocate(random.memory());
        state.set(3, 4, 0.01f);
        FloatMatrix first = random.normal(like.rows(), like.cols());
        FloatMatrix second = random.normal(like.rows(), like.cols());
        operation.run(new CpuElementwiseOps(one), state, first);
        operation.run(new CpuElementwiseOps(three), state, second);
        assertThat(bits(second.toArray())).isDeepEqualTo(bits(first.toArray()));
    }

    @Test
    void adamIsWithinRoundingOfTheReference() {
        StepState state = StepState.allocate(random.memory());
        state.set(0, 0, 0.01f);
        FloatMatrix[] cpu = moments();
        FloatMatrix[] reference = moments();
        reference[0].copyFrom(cpu[0]);
        Consumer<FloatMatrix> step = grad -> {
            new CpuElementwiseOps(three).adam(cpu[0], grad, cpu[1], cpu[2], 5e-4f, state);
            new ReferenceElementwiseOps().adam(reference[0], grad, reference[1], reference[2], 5e-4f, state);
        };
        for (int t = 0; t < 10; t++) {
            new CpuElementwiseOps(one).nextStep(state);
            step.accept(random.normal(131, 33));
        }
        for (int k = 0; k < 3; k++) {
            for (int i = 0; i < 131; i++) {
                for (int j = 0; j < 33; j++) {
                    assertClose(cpu[k], reference[k], i, j, 4e-6);
                }
            }
        }
    }

    /** Parameter, first and second moment. */
    private FloatMatrix[] moments() {
        return new FloatMatrix[] {random.normal(131, 33), random.zeros(131, 33), random.zeros(131, 33)};
    }
}
