package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.ShapeException;

/** What every {@link SparseOps} does; a subclass per implementation. */
public abstract class SparseOpsContract {

    protected final RandomTensors random = new RandomTensors();

    protected abstract SparseOps ops();

    @AfterEach
    void freeOperands() {
        random.close();
    }

    /** Feature counts: every tail of a vector, every block of vectors. */
    static IntStream featureCounts() {
        return IntStream.concat(IntStream.rangeClosed(0, 33), IntStream.of(37, 64, 100, 127, 128, 250));
    }

    @Test
    void aggregatesAPath() {
        CsrGraph path = CsrGraph.of(random.memory(), 3, new int[] {0, 1, 3, 4}, new int[] {1, 0, 2, 1});
        FloatMatrix x = FloatMatrix.of(random.memory(), new float[][] {{1, 10}, {2, 20}, {3, 30}});
        FloatMatrix out = random.zeros(3, 2);
        ops().spmm(path, null, x, out);
        assertThat(out.toArray()).isDeepEqualTo(new float[][] {{2, 20}, {4, 40}, {2, 20}});
        ops().spmm(path, FloatMatrix.ofVector(random.memory(), 1, 2, 3, -1), x, out);
        assertThat(out.toArray()).isDeepEqualTo(new float[][] {{2, 20}, {11, 110}, {-2, -20}});
    }

    @ParameterizedTest
    @MethodSource("featureCounts")
    void sumsOfWholeNumbersAreExactForEveryFeatureCount(int cols) {
        CsrGraph graph = random.graph(37, 61, 4);
        FloatMatrix x = random.whole(61, cols);
        FloatMatrix values = random.whole(1, graph.numEdges());
        FloatMatrix out = random.normal(37, cols);
        ops().spmm(graph, null, x, out);
        assertThat(out.toArray()).isDeepEqualTo(expected(graph, null, x));
        ops().spmm(graph, values, x, out);
        assertThat(out.toArray()).isDeepEqualTo(expected(graph, values, x));
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 1", "0, 5, 1", "5, 0, 1", "1, 1, 1", "31, 32, 2", "32, 31, 2", "33, 33, 9", "3001, 999, 12"})
    void sumsOfWholeNumbersAreExactForEveryGraphSize(int rows, int sources, int degree) {
        CsrGraph graph = random.graph(rows, sources, degree);
        FloatMatrix x = random.whole(sources, 17);
        FloatMatrix values = random.whole(1, graph.numEdges());
        FloatMatrix out = random.normal(rows, 17);
        ops().spmm(graph, values, x, out);
        assertThat(out.toArray()).isDeepEqualTo(expected(graph, values, x));
    }

    private static float[][] expected(CsrGraph graph, FloatMatrix values, FloatMatrix x) {
        float[][] out = new float[graph.numRows()][x.cols()];
        for (int i = 0; i < graph.numRows(); i++) {
            for (int j = 0; j < x.cols(); j++) {
                long sum = 0;
                for (int e = graph.rowPtr().get(i); e < graph.rowPtr().get(i + 1); e++) {
                    sum += (values == null ? 1 : (long) values.get(0, e))
                            * (long) x.get(graph.colIdx().get(e), j);
                }
                out[i][j] = sum;
            }
        }
        return out;
    }

    @Test
    void theTransposedGraphWithGatheredValuesIsTheTransposedProduct() {
        CsrGraph graph = random.graph(23, 11, 3);
        FloatMatrix values = random.whole(1, graph.numEdges());
        CsrGraph.Transposed t = graph.transpose(random.memory());
        FloatMatrix gathered = random.zeros(1, graph.numEdges());
        ops().gather(values, t.sourceEdge(), gathered);
        FloatMatrix y = random.whole(23, 5);
        FloatMatrix out = random.zeros(11, 5);
        ops().spmm(t.graph(), gathered, y, out);
        float[][] expected = new float[11][5];
        for (int i = 0; i < 23; i++) {
            for (int e = graph.rowPtr().get(i); e < graph.rowPtr().get(i + 1); e++) {
                for (int j = 0; j < 5; j++) {
                    expected[graph.colIdx().get(e)][j] += values.get(0, e) * y.get(i, j);
                }
            }
        }
        assertThat(out.toArray()).isDeepEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "33", "300007"})
    void gatherReorders(int n) {
        FloatMatrix values = random.normal(1, n);
        int[] index = IntStream.range(0, n).map(i -> n - 1 - i).toArray();
        FloatMatrix out = random.zeros(1, n);
        ops().gather(values, IntArray.of(random.memory(), index), out);
        float[] expected = new float[n];
        for (int i = 0; i < n; i++) {
            expected[i] = values.get(0, index[i]);
        }
        assertThat(out.row(0)).isEqualTo(expected);
    }

    @Test
    void refusesShapesThatDoNotFit() {
        CsrGraph graph = CsrGraph.of(random.memory(), 3, new int[] {0, 1, 2}, new int[] {1, 2});
        FloatMatrix x = random.zeros(3, 4);
        FloatMatrix out = random.zeros(2, 4);
        assertThatThrownBy(() -> ops().spmm(graph, null, random.zeros(4, 4), out))
                .isInstanceOf(ShapeException.class)
                .hasMessage("spmm: x.rows must equal graph.numCols: 4 != 3");
        assertThatThrownBy(() -> ops().spmm(graph, random.zeros(1, 3), x, out))
                .hasMessage("spmm: values: got 1x3, expected 1x2");
        assertThatThrownBy(() -> ops().spmm(graph, null, x, random.zeros(3, 4)))
                .hasMessage("spmm: out: got 3x4, expected 2x4");
        FloatMatrix overlapping = FloatMatrix.view(x.data(), 2, 4);
        assertThatThrownBy(() -> ops().spmm(graph, null, x, overlapping))
                .hasMessage("spmm: out and x must not share memory");
        assertThatThrownBy(() -> ops().gather(x, graph.colIdx(), out)).hasMessage("gather: out: got 2x4, expected 1x2");
    }
}
