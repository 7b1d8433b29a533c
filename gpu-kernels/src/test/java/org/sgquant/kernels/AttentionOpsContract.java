package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.ShapeException;

/** What every {@link AttentionOps} does; a subclass per implementation. */
public abstract class AttentionOpsContract {

    /** Heads and columns per head: one head, narrow and wide heads, more heads than a vector has lanes. */
    private static final String HEADS =
            "1,1 1,7 1,16 1,31 1,33 1,100 2,3 3,5 4,4 5,1 7,17 8,8 8,32 9,8 16,2 17,1 17,5 33,3 2,64";

    protected final RandomTensors random = new RandomTensors();

    protected abstract AttentionOps ops();

    @AfterEach
    void freeOperands() {
        random.close();
    }

    static int[][] heads() {
        return Arrays.stream(HEADS.split(" "))
                .map(pair -> Arrays.stream(pair.split(","))
                        .mapToInt(Integer::parseInt)
                        .toArray())
                .toArray(int[][]::new);
    }

    @Test
    void productsOverEdgesAndSumsByHeadsOfWholeNumbersAreExact() {
        for (int[] pair : heads()) {
            int heads = pair[0];
            int width = pair[1];
            CsrGraph graph = random.graph(37, 61, 4);
            FloatMatrix a = random.whole(37, heads * width);
            FloatMatrix b = random.whole(61, heads * width);
            FloatMatrix w = random.whole(graph.numEdges(), heads);
            FloatMatrix products = random.zeros(graph.numEdges(), heads);
            FloatMatrix sums = random.normal(37, heads * width);
            ops().sddmm(graph, a, b, products);
            ops().spmmHeads(graph, w, b, sums);
            float[][] expectedProducts = new float[graph.numEdges()][heads];
            float[][] expectedSums = new float[37][heads * width];
            for (int i = 0; i < 37; i++) {
                for (int e = graph.rowPtr().get(i); e < graph.rowPtr().get(i + 1); e++) {
                    for (int c = 0; c < heads * width; c++) {
                        float x = b.get(graph.colIdx().get(e), c);
                        expectedProducts[e][c / width] += a.get(i, c) * x;
                        expectedSums[i][c] += w.get(e, c / width) * x;
                    }
                }
            }
            assertThat(products.toArray()).as("%d heads of %d", heads, width).isDeepEqualTo(expectedProducts);
            assertThat(sums.toArray()).as("%d heads of %d", heads, width).isDeepEqualTo(expectedSums);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 1", "0, 5, 1", "5, 0, 1", "1, 1, 1", "31, 32, 2", "32, 31, 2", "33, 33, 9", "3001, 999, 12"})
    void everyGraphSize(int rows, int sources, int degree) {
        CsrGraph graph = random.graph(rows, sources, degree);
        int edges = graph.numEdges();
        FloatMatrix target = random.whole(rows, 3);
        FloatMatrix source = random.whole(sources, 3);
        FloatMatrix scores = random.zeros(edges, 3);
        FloatMatrix sums = random.normal(rows, 3);
        ops().edgeScores(graph, target, source, scores);
        ops().sumEdges(graph, scores, sums);
        float[][] expected = new float[rows][3];
        for (int i = 0; i < rows; i++) {
            for (int e = graph.rowPtr().get(i); e < graph.rowPtr().get(i + 1); e++) {
                for (int h = 0; h < 3; h++) {
                    float score = target.get(i, h) + source.get(graph.colIdx().get(e), h);
                    assertThat(scores.get(e, h)).isEqualTo(score);
                    expected[i][h] += score;
                }
            }
        }
        assertThat(sums.toArray()).isDeepEqualTo(expected);
        FloatMatrix w = random.whole(edges, 3);
        FloatMatrix out = random.normal(rows, 6);
        ops().spmmHeads(graph, w, random.whole(sources, 6), out);
        ops().sddmm(graph, out, random.whole(sources, 6), w);
        ops().softmaxEdges(graph, w, scores);
        requireSumsOfOne(graph, scores);
    }

    private void requireSumsOfOne(CsrGraph graph, FloatMatrix y) {
        for (int i = 0; i < graph.numRows(); i++) {
            for (int h = 0; h < y.cols(); h++) {
                double sum = 0;
                for (int e = graph.rowPtr().get(i); e < graph.rowPtr().get(i + 1); e++) {
                    assertThat(y.get(e, h)).isBetween(0f, 1f);
                    sum += y.get(e, h);
                }
                int degree = graph.degree(i);
                assertThat(sum).isCloseTo(degree == 0 ? 0 : 1, within((degree + 4) * 0x1p-24));
            }
        }
    }

    @Test
    void softmaxOfKnownRows() {
        // Row 0 has edges 0 to 2, row 1 none, row 2 edge 3, row 3 edges 4 and 5.
        CsrGraph graph = CsrGraph.of(random.memory(), 3, new int[] {0, 3, 3, 4, 6}, new int[] {0, 1, 2, 0, 1, 2});
        FloatMatrix s = FloatMatrix.of(
                random.memory(), new float[][] {{1, 0}, {2, 0}, {3, 0}, {-7, 500}, {1000, -1000}, {0, -1000}});
        FloatMatrix y = random.zeros(6, 2);
        ops().softmaxEdges(graph, s, y);
        float[][] expected = {
            {0.09003057f, 1 / 3f}, {0.24472848f, 1 / 3f}, {0.66524094f, 1 / 3f}, {1, 1}, {1, 0.5f}, {0, 0.5f}
        };
        for (int e = 0; e < 6; e++) {
            assertThat(y.row(e)).containsExactly(expected[e], within(1e-7f));
        }
    }

    @Test
    void softmaxAndItsGradientForEveryNumberOfHeads() {
        for (int heads : new int[] {1, 2, 8, 16, 17, 33}) {
            CsrGraph graph = random.graph(23, 40, 5);
            FloatMatrix s = random.normal(graph.numEdges(), heads);
            FloatMatrix g = random.normal(graph.numEdges(), heads);
            FloatMatrix y = random.zeros(graph.numEdges(), heads);
            FloatMatrix gradS = random.zeros(graph.numEdges(), heads);
            ops().softmaxEdges(graph, s, y);
            ops().softmaxEdgesBackward(graph, y, g, gradS);
            for (int i = 0; i < 23; i++) {
                for (int h = 0; h < heads; h++) {
                    int begin = graph.rowPtr().get(i);
                    int end = graph.rowPtr().get(i + 1);
                    double total = 0;
                    double dot = 0;
                    for (int e = begin; e < end; e++) {
                        total += Math.exp(s.get(e, h));
                    }
                    for (int e = begin; e < end; e++) {
                        dot += Math.exp(s.get(e, h)) / total * g.get(e, h);
                    }
                    for (int e = begin; e < end; e++) {
                        double p = Math.exp(s.get(e, h)) / total;
                        assertThat((double) y.get(e, h)).isCloseTo(p, within(1e-6 * p));
                        assertThat((double) gradS.get(e, h)).isCloseTo(p * (g.get(e, h) - dot), within(1e-6));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "1, 1", "33, 17", "5003, 2"})
    void gatherReordersRows(int n, int cols) {
        FloatMatrix x = random.normal(Math.max(n, 1), cols);
        int[] index = random.random().ints(n, 0, Math.max(n, 1)).toArray();
        FloatMatrix out = random.zeros(n, cols);
        ops().gatherRows(x, IntArray.of(random.memory(), index), out);
        for (int i = 0; i < n; i++) {
            assertThat(out.row(i)).isEqualTo(x.row(index[i]));
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "1, 1", "31, 33", "999, 17"})
    void activationsAndTheirGradients(int rows, int cols) {
        FloatMatrix x = random.normal(rows, cols);
        FloatMatrix g = random.normal(rows, cols);
        FloatMatrix leaky = random.zeros(rows, cols);
        FloatMatrix leakyGrad = random.zeros(rows, cols);
        FloatMatrix elu = random.zeros(rows, cols);
        FloatMatrix eluGrad = random.zeros(rows, cols);
        ops().leakyRelu(x, 0.2f, leaky);
        ops().leakyReluBackward(leaky, 0.2f, g, leakyGrad);
        ops().elu(x, elu);
        ops().eluBackward(elu, g, eluGrad);
        for (int i = 0; i < rows; i++) {
            for (int c = 0; c < cols; c++) {
                float v = x.get(i, c);
                float d = g.get(i, c);
                assertThat(leaky.get(i, c)).isEqualTo(v > 0 ? v : 0.2f * v);
                assertThat(leakyGrad.get(i, c)).isEqualTo(v > 0 ? d : 0.2f * d);
                assertThat(elu.get(i, c)).isEqualTo(v > 0 ? v : Exp.exp(v) - 1);
                assertThat((double) elu.get(i, c)).isCloseTo(v > 0 ? v : Math.expm1(v), within(1e-7));
                assertThat((double) eluGrad.get(i, c)).isCloseTo(d * (v > 0 ? 1 : Math.exp(v)), within(1e-6));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "1, 1", "33, 31", "7, 100", "1003, 16"})
    void rowsOfLengthOneAndTheGradient(int rows, int cols) {
        FloatMatrix x = random.normal(rows, cols);
        FloatMatrix g = random.normal(rows, cols);
        if (rows > 2) {
            x.setRow(2, new float[cols]);
        }
        FloatMatrix y = random.zeros(rows, cols);
        FloatMatrix gradX = random.zeros(rows, cols);
        ops().normalizeRows(x, y);
        ops().normalizeRowsBackward(x, g, gradX);
        for (int i = 0; i < rows; i++) {
            double norm = 0;
            double dot = 0;
            for (int c = 0; c < cols; c++) {
                norm += (double) x.get(i, c) * x.get(i, c);
                dot += (double) x.get(i, c) * g.get(i, c);
            }
            norm = Math.sqrt(norm);
            for (int c = 0; c < cols; c++) {
                double v = norm == 0 ? 0 : x.get(i, c) / norm;
                double d = norm == 0 ? 0 : (g.get(i, c) - v * dot / norm) / norm;
                assertThat((double) y.get(i, c)).isCloseTo(v, within(1e-6));
                assertThat((double) gradX.get(i, c)).isCloseTo(d, within(1e-5 * (1 + Math.abs(1 / norm))));
            }
        }
    }

    @Test
    void vectorsOfHeadsAreSpreadAndCollected() {
        for (int[] pair : heads()) {
            int heads = pair[0];
            int width = pair[1];
            FloatMatrix a = random.normal(heads, width);
            FloatMatrix matrix = random.normal(heads * width, heads);
            FloatMatrix back = random.normal(heads, width);
            ops().spreadHeads(a, matrix);
            ops().collectHeads(matrix, back);
            float[][] expected = new float[heads * width][heads];
            for (int r = 0; r < heads * width; r++) {
                expected[r][r / width] = a.get(r / width, r % width);
            }
            assertThat(matrix.toArray()).as("%d heads of %d", heads, width).isDeepEqualTo(expected);
            assertThat(back.toArray()).isDeepEqualTo(a.toArray());
        }
    }

    @Test
    void refusesShapesThatDoNotFit() {
        CsrGraph graph = CsrGraph.of(random.memory(), 3, new int[] {0, 1, 2}, new int[] {1, 2});
        FloatMatrix edges = random.zeros(2, 4);
        FloatMatrix nodes = random.zeros(2, 6);
        assertThatThrownBy(() -> ops().sddmm(graph, nodes, random.zeros(3, 6), edges))
                .isInstanceOf(ShapeException.class)
                .hasMessage("sddmm: got 6 columns, expected a multiple of 4 heads");
        assertThatThrownBy(() -> ops().spmmHeads(graph, nodes, nodes, nodes))
                .hasMessage("spmmHeads: x.rows must equal graph.numCols: 2 != 3");
        assertThatThrownBy(() -> ops().edgeScores(graph, nodes, random.zeros(3, 4), edges))
                .hasMessage("edgeScores: target: got 2x6, expected 2x4");
        assertThatThrownBy(() -> ops().sumEdges(graph, random.zeros(3, 4), edges))
                .hasMessage("sumEdges: w.rows must equal graph.numEdges: 3 != 2");
        assertThatThrownBy(() -> ops().softmaxEdges(graph, edges, nodes))
                .hasMessage("softmaxEdges: operands: got 2x6, expected 2x4");
        assertThatThrownBy(() -> ops().leakyRelu(edges, -1, edges))
                .hasMessage("leakyRelu: slope -1.0 must be at least 0");
        assertThatThrownBy(() -> ops().spreadHeads(random.zeros(2, 3), nodes))
                .hasMessage("spreadHeads: matrix of one column per head: got 2x6, expected 6x2");
    }
}
