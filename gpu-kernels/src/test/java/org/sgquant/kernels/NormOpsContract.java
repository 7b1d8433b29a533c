package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.kernels.reference.ReferenceNormOps;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.ShapeException;

/** What every {@link NormOps} does; a subclass per implementation. */
public abstract class NormOpsContract {

    /** Expected numbers below come from NumPy: repeated rows, var(), and central differences. */
    private static final float[][] X = {{1, -2, 0.5f}, {3, 0, 0.25f}, {-1, 4, 8}, {2, 2, -3}};

    private static final float[][] GRAD = {{0.5f, -1, 2}, {1, 1, -1}, {-2, 0.25f, 0.5f}, {0, 3, 1}};
    private static final float[] COUNTS = {1, 2, 1, 3};

    protected final RandomTensors random = new RandomTensors();

    protected abstract NormOps ops();

    @AfterEach
    void freeOperands() {
        random.close();
    }

    private FloatMatrix of(float[]... rows) {
        FloatMatrix m = random.zeros(rows.length, rows[0].length);
        for (int r = 0; r < rows.length; r++) {
            m.setRow(r, rows[r]);
        }
        return m;
    }

    private BatchNorm norm() {
        return new BatchNorm(
                of(new float[] {1.5f, 0.5f, -2}),
                of(new float[] {0.1f, -0.2f, 0.3f}),
                of(new float[] {1, 2, 3}),
                of(new float[] {0.5f, 1, 2}));
    }

    private static void close(FloatMatrix actual, double tolerance, double[]... expected) {
        for (int i = 0; i < expected.length; i++) {
            for (int j = 0; j < expected[i].length; j++) {
                assertThat((double) actual.get(i, j))
                        .as("row %d, column %d", i, j)
                        .isCloseTo(expected[i][j], within(tolerance));
            }
        }
    }

    @Test
    void batchNormOfKnownRows() {
        FloatMatrix x = of(X);
        BatchNorm norm = norm();
        Multiplicity counts = new Multiplicity(of(COUNTS), 7);
        FloatMatrix moments = random.zeros(4, 3);
        FloatMatrix out = random.zeros(4, 3);
        ops().batchNormMoments(x, counts, norm, moments);
        ops().batchNormApply(x, moments, out);
        close(
                out,
                2e-6,
                new double[] {-0.7385229, -1.069625, 0.0232197},
                new double[] {1.6093413, -0.5162273, 0.1616099},
                new double[] {-3.0863871, 0.5905682, -4.1284846},
                new double[] {0.4354092, 0.0371705, 1.9606817});
        close(norm.mean(), 1e-6, new double[] {1.07142857, 1.91428571, 2.7});
        close(norm.variance(), 1e-6, new double[] {0.64047619, 1.28095238, 3.32291667});
        FloatMatrix grad = of(GRAD);
        FloatMatrix gradGamma = random.zeros(1, 3);
        ops().batchNormGradGamma(x, moments, grad, gradGamma);
        ops().batchNormBackward(x, counts, moments, grad, gradGamma, of(new float[] {-0.5f, 3.25f, 2.5f}), grad);
        close(
                grad,
                5e-6,
                new double[] {1.137244, -0.204066, -0.90412},
                new double[] {-0.337495, 0.166019, 0.954262},
                new double[] {-0.491595, -0.242111, 0.005734},
                new double[] {-0.308154, 0.280158, -0.055875});
        close(gradGamma, 5e-6, new double[] {4.975236, 2.925102, 0.484366});
    }

    @Test
    void batchNormOfKnownRowsWithRunningStatistics() {
        FloatMatrix x = of(X);
        ops().batchNorm(x, norm(), x);
        close(
                x,
                2e-6,
                new double[] {0.1, -2.19999, 3.8355251},
                new double[] {4.3425983, -1.199995, 4.1890776},
                new double[] {-4.1425983, 0.799995, -6.7710501},
                new double[] {2.2212991, -0.2, 8.7852602});
    }

    @Test
    void layerNormOfKnownRows() {
        FloatMatrix x = of(X);
        BatchNorm norm = norm();
        FloatMatrix out = random.zeros(4, 3);
        ops().layerNorm(x, norm.gamma(), norm.beta(), out);
        close(
                out,
                2e-6,
                new double[] {1.4334975, -0.8984987, -0.7159981},
                new double[] {2.215325, -0.5985395, 1.5262754},
                new double[] {-1.80125, -0.1547321, -2.0539285},
                new double[] {1.1606592, 0.1535531, 3.1284246});
        FloatMatrix grad = of(GRAD);
        FloatMatrix gradGamma = random.zeros(1, 3);
        ops().layerNormGradGamma(x, grad, gradGamma);
        ops().layerNormBackward(x, norm.gamma(), grad, grad);
        close(
                grad,
                5e-6,
                new double[] {1.674552, 0.334912, -2.009464},
                new double[] {-0.047022, -0.517249, 0.564271},
                new double[] {-0.161406, 0.363163, -0.201757},
                new double[] {-0.318197, 0.318198, -1e-6});
        close(gradGamma, 5e-6, new double[] {4.389716, 2.743871, 0.803406});
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 33", "2, 31", "33, 32", "37, 7", "1024, 16", "1025, 17", "4001, 19"})
    void agreesWithTheReference(int rows, int cols) {
        FloatMatrix x = random.normal(rows, cols);
        FloatMatrix grad = random.normal(rows, cols);
        FloatMatrix counts = random.zeros(1, rows);
        long total = 0;
        for (int i = 0; i < rows; i++) {
            int count = 1 + random.random().nextInt(9);
            counts.set(0, i, count);
            total += count;
        }
        for (Multiplicity multiplicity : new Multiplicity[] {null, new Multiplicity(counts, total)}) {
            BatchNorm norm = random(cols);
            double[][][] expected = train(new ReferenceNormOps(), x, multiplicity, copy(norm), grad);
            double[][][] actual = train(ops(), x, multiplicity, copy(norm), grad);
            for (int r = 0; r < expected.length; r++) {
                for (int i = 0; i < expected[r].length; i++) {
                    assertThat(actual[r][i])
                            .as("result %d, row %d", r, i)
                            .containsExactly(expected[r][i], within(2e-3));
                }
            }
        }
    }

    private BatchNorm random(int cols) {
        return new BatchNorm(
                random.normal(1, cols),
                random.normal(1, cols),
                random.normal(1, cols),
                random.abs(random.normal(1, cols)));
    }

    private BatchNorm copy(BatchNorm norm) {
        return new BatchNorm(
                of(norm.gamma().row(0)),
                of(norm.beta().row(0)),
                of(norm.mean().row(0)),
                of(norm.variance().row(0)));
    }

    /** Forward and backward of both norms; gradients of a column are divided by the root of its terms. */
    private double[][][] train(NormOps ops, FloatMatrix x, Multiplicity counts, BatchNorm norm, FloatMatrix grad) {
        int cols = x.cols();
        FloatMatrix moments = random.zeros(4, cols);
        FloatMatrix out = random.zeros(x.rows(), cols);
        FloatMatrix gradX = random.zeros(x.rows(), cols);
        FloatMatrix gradGamma = random.zeros(1, cols);
        FloatMatrix beta = random.zeros(1, cols);
        double root = Math.sqrt(x.rows());
        List<double[][]> results = new ArrayList<>();
        ops.batchNormMoments(x, counts, norm, moments);
        ops.batchNormApply(x, moments, out);
        ops.batchNormGradGamma(x, moments, grad, gradGamma);
        ops.batchNormBackward(x, counts, moments, grad, gradGamma, beta, gradX);
        results.add(doubles(out, 1));
        results.add(doubles(norm.mean(), 1));
        results.add(doubles(norm.variance(), 1));
        results.add(doubles(gradGamma, root));
        // The deviations of a single value are 0, and its gradients are rounding errors times 316.
        if (x.rows() > 1) {
            results.add(wellConditioned(gradX, moments));
        }
        ops.layerNorm(x, norm.gamma(), norm.beta(), out);
        ops.layerNormGradGamma(x, grad, gradGamma);
        ops.layerNormBackward(x, norm.gamma(), grad, gradX);
        results.add(doubles(out, 1));
        results.add(doubles(gradGamma, root));
        if (cols > 1) {
            results.add(doubles(gradX, 1));
        }
        return results.toArray(double[][][]::new);
    }

    /**
     * Gradients of the columns, those of variance v below 0.01 times 100 v: of rows that hardly differ, {@code x - mean} has few
     * right digits, an error that {@code 1 / sqrt(v)} enlarges twice.
     */
    private static double[][] wellConditioned(FloatMatrix gradX, FloatMatrix moments) {
        double[][] values = doubles(gradX, 1);
        for (double[] row : values) {
            for (int j = 0; j < row.length; j++) {
                double deviation = 1.0 / moments.get(1, j);
                row[j] *= Math.min(1, 100 * deviation * deviation);
            }
        }
        return values;
    }

    private static double[][] doubles(FloatMatrix m, double divisor) {
        double[][] values = new double[m.rows()][m.cols()];
        for (int i = 0; i < m.rows(); i++) {
            for (int j = 0; j < m.cols(); j++) {
                values[i][j] = m.get(i, j) / divisor;
            }
        }
        return values;
    }

    @ParameterizedTest
    @CsvSource({"0, 5", "1, 1", "31, 33", "3001, 32"})
    void inferenceHasTheBitsOfTheReference(int rows, int cols) {
        FloatMatrix x = random.normal(rows, cols);
        BatchNorm norm = random(cols);
        FloatMatrix out = random.zeros(rows, cols);
        FloatMatrix expected = random.zeros(rows, cols);
        ops().batchNorm(x, norm, out);
        new ReferenceNormOps().batchNorm(x, norm, expected);
        assertThat(RandomTensors.bits(out.toArray())).isDeepEqualTo(RandomTensors.bits(expected.toArray()));
        ops().layerNorm(x, norm.gamma(), norm.beta(), out);
        new ReferenceNormOps().layerNorm(x, norm.gamma(), norm.beta(), expected);
        assertThat(RandomTensors.bits(out.toArray())).isDeepEqualTo(RandomTensors.bits(expected.toArray()));
    }

    @Test
    void countingARowIsRepeatingIt() {
        FloatMatrix x = random.normal(3, 5);
        FloatMatrix repeated = of(x.row(0), x.row(0), x.row(1), x.row(2), x.row(2), x.row(2));
        BatchNorm norm = random(5);
        FloatMatrix out = random.zeros(3, 5);
        FloatMatrix many = random.zeros(6, 5);
        BatchNorm other = copy(norm);
        FloatMatrix moments = random.zeros(4, 5);
        ops().batchNormMoments(x, new Multiplicity(of(new float[] {2, 1, 3}), 6), norm, moments);
        ops().batchNormApply(x, moments, out);
        ops().batchNormMoments(repeated, null, other, moments);
        ops().batchNormApply(repeated, moments, many);
        int[] source = {0, 0, 1, 2, 2, 2};
        for (int i = 0; i < 6; i++) {
            assertThat(many.row(i)).containsExactly(out.row(source[i]), within(2e-4f));
        }
        assertThat(other.variance().row(0)).containsExactly(norm.variance().row(0), within(1e-5f));
    }

    @Test
    void wrongShapesAreNamed() {
        FloatMatrix x = random.normal(3, 5);
        BatchNorm norm = random(5);
        FloatMatrix moments = random.zeros(4, 5);
        assertThatThrownBy(() -> ops().batchNorm(x, random(4), x))
                .isInstanceOf(ShapeException.class)
                .hasMessage("batchNorm: gamma: got 1x4, expected 1x5");
        assertThatThrownBy(() -> ops().batchNormMoments(x, new Multiplicity(random.zeros(1, 2), 2), norm, moments))
                .hasMessage("batchNormMoments: counts: got 1x2, expected 1x3");
        FloatMatrix empty = random.zeros(0, 5);
        assertThatThrownBy(() -> ops().batchNormMoments(empty, null, norm, moments))
                .hasMessage("batchNormMoments: x has no row to take a mean of");
        assertThatThrownBy(() -> ops().layerNorm(x, norm.gamma(), random.zeros(1, 3), x))
                .hasMessage("layerNorm: beta: got 1x3, expected 1x5");
    }
}
