package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.sgquant.kernels.RandomTensors.bits;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.kernels.AttentionOps;
import org.sgquant.kernels.ElementwiseOps;
import org.sgquant.kernels.SparseOps;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.ShapeException;

/** Float operations on a CUDA device: the bits of the CPU where promised, near it elsewhere. */
class CudaNumericsTest extends CudaAgainstCpu {

    private static void assertSameBits(FloatMatrix got, FloatMatrix expected) {
        assertThat(bits(got.toArray())).isDeepEqualTo(bits(expected.toArray()));
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "5, 257, 33", "34, 600, 100", "131, 300, 64", "65, 5000, 129"})
    void gemmHasTheBitsOfTheCpu(int m, int k, int n) {
        FloatMatrix a = random.normal(m, k);
        FloatMatrix c = random.normal(m, n);
        FloatMatrix expected = random.zeros(m, n);
        for (boolean transposeB : new boolean[] {false, true}) {
            FloatMatrix b = transposeB ? random.normal(n, k) : random.normal(k, n);
            HostOperands.dense(cuda).gemm(a, false, b, transposeB, c);
            cpu.dense().gemm(a, false, b, transposeB, expected);
            assertSameBits(c, expected);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "33, 1023, 7", "5, 1024, 65", "70, 5003, 33"})
    void aProductWithATransposedIsTakenInChunksThatAreAddedInOrder(int m, int k, int n) {
        FloatMatrix a = random.normal(k, m);
        FloatMatrix b = random.normal(k, n);
        long tiles = (long) Math.ceilDiv(m, 64) * Math.ceilDiv(n, 64);
        int chunk = CudaDenseOps.chunk(k, tiles);
        float[][] expected = new float[m][n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                for (int start = 0; start < k; start += chunk) {
                    float sum = 0;
                    for (int t = start; t < Math.min(k, start + chunk); t++) {
                        sum = Math.fma(a.get(t, i), b.get(t, j), sum);
                    }
                    expected[i][j] += sum;
                }
            }
        }
        FloatMatrix c = random.normal(m, n);
        HostOperands.dense(cuda).gemm(a, true, b, false, c);
        assertThat(bits(c.toArray())).isDeepEqualTo(bits(expected));
        FloatMatrix bT = random.zeros(n, k);
        for (int t = 0; t < k; t++) {
            for (int j = 0; j < n; j++) {
                bT.set(j, t, b.get(t, j));
            }
        }
        HostOperands.dense(cuda).gemm(a, true, bT, true, c);
        assertThat(bits(c.toArray())).as("both transposed").isDeepEqualTo(bits(expected));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 5, 16, 33, 100, 129, 300})
    void spmmHasTheBitsOfTheCpu(int cols) {
        CsrGraph graph = random.graph(801, 501, 10);
        FloatMatrix values = random.normal(1, graph.numEdges());
        FloatMatrix x = random.normal(501, cols);
        FloatMatrix out = random.normal(801, cols);
        FloatMatrix expected = random.zeros(801, cols);
        SparseOps ops = HostOperands.sparse(cuda);
        for (FloatMatrix v : new FloatMatrix[] {null, values}) {
            ops.spmm(graph, v, x, out);
            cpu.sparse().spmm(graph, v, x, expected);
            assertSameBits(out, expected);
        }
    }

    @Test
    void spmmOfMoreThan65535Rows() {
        CsrGraph graph = random.graph(70_001, 37, 2);
        FloatMatrix x = random.normal(37, 3);
        FloatMatrix out = random.normal(70_001, 3);
        FloatMatrix expected = random.zeros(70_001, 3);
        HostOperands.sparse(cuda).spmm(graph, null, x, out);
        cpu.sparse().spmm(graph, null, x, expected);
        assertSameBits(out, expected);
    }

    @ParameterizedTest
    @CsvSource({"1, 7", "1024, 33", "1025, 16", "70001, 3"})
    void sumRowsHasTheBitsOfTheCpu(int rows, int cols) {
        FloatMatrix x = random.normal(rows, cols);
        FloatMatrix out = random.normal(1, cols);
        FloatMatrix expected = random.zeros(1, cols);
        HostOperands.elementwise(cuda).sumRows(x, out);
        cpu.elementwise().sumRows(x, expected);
        assertSameBits(out, expected);
    }

    @Test
    void lossesAndSoftmaxAreThoseOfTheCpuUpToTheirLastBits() {
        FloatMatrix logits = random.normal(3001, 19);
        IntArray labels =
                IntArray.of(random.memory(), random.random().ints(3001, 0, 19).toArray());
        IntArray nodes = IntArray.of(
                random.memory(), random.random().ints(2000, 0, 3001).distinct().toArray());
        FloatMatrix[] metrics = {random.zeros(1, 2), random.zeros(1, 2)};
        FloatMatrix[] out = {random.normal(3001, 19), random.normal(3001, 19)};
        ElementwiseOps[] ops = {HostOperands.elementwise(cuda), cpu.elementwise()};
        for (int i = 0; i < 2; i++) {
            ops[i].softmaxCrossEntropy(logits, labels, nodes, out[i], metrics[i]);
        }
        assertThat(metrics[0].get(0, 1)).isEqualTo(metrics[1].get(0, 1));
        assertThat(metrics[0].get(0, 0)).isCloseTo(metrics[1].get(0, 0), within(1e-6f));
        assertClose(out[0], out[1], 1e-10);
        for (int i = 0; i < 2; i++) {
            ops[i].softmax(logits, out[i]);
        }
        assertClose(out[0], out[1], 0x1p-24);
    }

    @Test
    void theLeastNodeWithAWrongLabelIsNamedAndTheNextCallIsCleanAgain() {
        FloatMatrix logits = random.normal(2000, 3);
        FloatMatrix metrics = random.zeros(1, 2);
        int[] wrong = IntStream.range(0, 2000).map(i -> i % 3).toArray();
        wrong[1999] = Integer.MIN_VALUE;
        wrong[777] = -5;
        wrong[778] = Integer.MAX_VALUE;
        IntArray nodes = IntArray.of(random.memory(), IntStream.range(0, 2000).toArray());
        ElementwiseOps ops = HostOperands.elementwise(cuda);
        for (int node : new int[] {777, 778, 1999}) {
            IntArray labels = IntArray.of(random.memory(), wrong);
            assertThatThrownBy(() -> ops.softmaxCrossEntropy(logits, labels, nodes, null, metrics))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("softmaxCrossEntropy: label " + wrong[node] + " of node " + node + " is outside 0..2");
            wrong[node] = 0;
        }
        ops.softmaxCrossEntropy(logits, IntArray.of(random.memory(), wrong), nodes, null, metrics);
        assertThat(metrics.get(0, 0)).isPositive();
        for (int node : new int[] {-1, Integer.MIN_VALUE, 2000}) {
            assertThatThrownBy(() -> ops.softmaxCrossEntropy(
                            logits,
                            IntArray.of(random.memory(), wrong),
                            IntArray.of(random.memory(), 0, node),
                            null,
                            metrics))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("softmaxCrossEntropy: node " + node + " is outside 0..1999");
        }
    }

    @Test
    void adamIsThatOfTheCpuUpToTheLastBit() {
        StepState state = StepState.allocate(random.memory());
        state.set(0, 0, 0.01f);
        FloatMatrix[][] moments = {moments(), moments()};
        moments[1][0].copyFrom(moments[0][0]);
        ElementwiseOps[] ops = {HostOperands.elementwise(cuda), cpu.elementwise()};
        for (int t = 0; t < 10; t++) {
            ops[0].nextStep(state);
            FloatMatrix grad = random.normal(131, 33);
            for (int i = 0; i < 2; i++) {
                ops[i].adam(moments[i][0], grad, moments[i][1], moments[i][2], 5e-4f, state);
            }
        }
        assertThat(state.step()).isEqualTo(10);
        for (int k = 0; k < 3; k++) {
            assertClose(moments[0][k], moments[1][k], 1e-6);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 7", "2, 8", "8, 8", "17, 3", "3, 5"})
    void attentionHasTheBitsOfTheCpu(int heads, int width) {
        CsrGraph graph = random.graph(801, 501, 10);
        AttentionOps[] ops = {HostOperands.attention(cuda), cpu.attention()};
        FloatMatrix scores = random.normal(graph.numEdges(), heads);
        FloatMatrix grad = random.normal(graph.numEdges(), heads);
        FloatMatrix x = random.normal(501, heads * width);
        FloatMatrix[][] out = new FloatMatrix[2][];
        for (int i = 0; i < 2; i++) {
            FloatMatrix y = random.zeros(graph.numEdges(), heads);
            FloatMatrix gradScores = random.zeros(graph.numEdges(), heads);
            FloatMatrix sums = random.zeros(801, heads);
            FloatMatrix summed = random.zeros(801, heads * width);
            FloatMatrix elu = random.zeros(501, heads * width);
            FloatMatrix lengthOne = random.zeros(501, heads * width);
            FloatMatrix gradX = random.zeros(501, heads * width);
            ops[i].softmaxEdges(graph, scores, y);
            ops[i].softmaxEdgesBackward(graph, y, grad, gradScores);
            ops[i].sumEdges(graph, y, sums);
            ops[i].spmmHeads(graph, y, x, summed);
            ops[i].elu(x, elu);
            ops[i].normalizeRows(x, lengthOne);
            ops[i].normalizeRowsBackward(x, elu, gradX);
            out[i] = new FloatMatrix[] {y, gradScores, sums, summed, elu, lengthOne, gradX};
        }
        for (int k = 0; k < out[0].length; k++) {
            assertSameBits(out[0][k], out[1][k]);
        }
    }

    /** Parameter, first and second moment. */
    private FloatMatrix[] moments() {
        return new FloatMatrix[] {random.normal(131, 33), random.zeros(131, 33), random.zeros(131, 33)};
    }

    private static void assertClose(FloatMatrix got, FloatMatrix expected, double tolerance) {
        for (int i = 0; i < got.rows(); i++) {
            for (int j = 0; j < got.cols(); j++) {
                assertThat((double) got.get(i, j))
                        .as("row %d, column %d", i, j)
                        .isCloseTo(expected.get(i, j), within(tolerance));
            }
        }
    }
}
