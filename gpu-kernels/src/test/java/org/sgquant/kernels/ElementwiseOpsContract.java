package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.ShapeException;

/** What every {@link ElementwiseOps} does apart from losses and optimizer; a subclass per implementation. */
public abstract class ElementwiseOpsContract {

    protected final RandomTensors random = new RandomTensors();

    protected abstract ElementwiseOps ops();

    @AfterEach
    void freeOperands() {
        random.close();
    }

    /** Value of element (i, j). */
    @FunctionalInterface
    interface Element {
        float at(int i, int j);
    }

    private static float[][] matrix(int rows, int cols, Element element) {
        float[][] m = new float[rows][cols];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                m[i][j] = element.at(i, j);
            }
        }
        return m;
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0, 3", "3, 0", "1, 1", "7, 31", "5, 32", "3, 33", "37, 37", "1, 300007", "4001, 7", "2500, 100"
    })
    void mapsEveryElementAlsoInPlace(int rows, int cols) {
        FloatMatrix a = random.normal(rows, cols);
        FloatMatrix b = random.normal(rows, cols);
        FloatMatrix factor = random.normal(1, rows);
        FloatMatrix bias = random.normal(1, cols);
        float[][] x = a.toArray();
        check(a, (in, out) -> ops().copy(in, out), (i, j) -> x[i][j]);
        check(a, (in, out) -> ops().zero(out), (i, j) -> 0);
        check(a, (in, out) -> ops().add(in, b, out), (i, j) -> x[i][j] + b.get(i, j));
        check(a, (in, out) -> ops().scaleRows(in, factor, out), (i, j) -> factor.get(0, i) * x[i][j]);
        check(a, (in, out) -> ops().addBias(in, bias, out), (i, j) -> x[i][j] + bias.get(0, j));
        check(a, (in, out) -> ops().relu(in, out), (i, j) -> x[i][j] > 0 ? x[i][j] : 0);
        check(a, (in, out) -> ops().reluBackward(b, in, out), (i, j) -> b.get(i, j) > 0 ? x[i][j] : 0);
        check(a, (in, out) -> ops().reluBackward(in, b, out), (i, j) -> x[i][j] > 0 ? b.get(i, j) : 0);
        check(a, (in, out) -> ops().clipBackward(b, in, out), (i, j) -> Math.abs(b.get(i, j)) <= 1 ? x[i][j] : 0);
        check(a, (in, out) -> ops().clipBackward(in, b, out), (i, j) -> Math.abs(x[i][j]) <= 1 ? b.get(i, j) : 0);
    }

    /** An operation from its input to its output, which may be one matrix. */
    @FunctionalInterface
    interface Operation {
        void run(FloatMatrix in, FloatMatrix out);
    }

    private void check(FloatMatrix x, Operation operation, Element expected) {
        float[][] want = matrix(x.rows(), x.cols(), expected);
        FloatMatrix out = random.normal(x.rows(), x.cols());
        operation.run(x, out);
        assertThat(out.toArray()).isDeepEqualTo(want);
        FloatMatrix same = random.zeros(x.rows(), x.cols());
        same.copyFrom(x);
        operation.run(same, same);
        assertThat(same.toArray()).as("in place").isDeepEqualTo(want);
    }

    @Test
    void reluKeepsNaNAndBlocksItsGradientAtZero() {
        FloatMatrix x = FloatMatrix.ofVector(random.memory(), Float.NaN, -0f, -1, 2);
        FloatMatrix y = random.zeros(1, 4);
        ops().relu(x, y);
        assertThat(y.row(0)).containsExactly(Float.NaN, 0f, 0f, 2f);
        FloatMatrix grad = FloatMatrix.ofVector(random.memory(), 5, 6, 7, 8);
        ops().reluBackward(y, grad, grad);
        assertThat(grad.row(0)).containsExactly(0f, 0f, 0f, 8f);
    }

    @Test
    void theGradientOfSignsPassesUpToOneAndThereToo() {
        FloatMatrix x = FloatMatrix.ofVector(random.memory(), -1, 1, Math.nextUp(1f), Math.nextDown(-1f), 0, Float.NaN);
        FloatMatrix grad = FloatMatrix.ofVector(random.memory(), 1, 2, 3, 4, 5, 6);
        ops().clipBackward(x, grad, grad);
        assertThat(grad.row(0)).containsExactly(1, 2, 0, 0, 5, 0);
    }

    @ParameterizedTest
    @CsvSource({"0, 5", "1, 1", "3, 0", "1023, 33", "1024, 17", "1025, 31", "5003, 100"})
    void sumsRowsOfWholeNumbersExactly(int rows, int cols) {
        FloatMatrix x = random.whole(rows, cols);
        float[] expected = new float[cols];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                expected[j] += x.get(i, j);
            }
        }
        FloatMatrix out = random.normal(1, cols);
        ops().sumRows(x, out);
        assertThat(out.row(0)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 3, 0.5",
        "1, 1, 0.5",
        "37, 31, 0.5",
        "5, 33, 0.9",
        "3, 48, 0.1",
        "4, 7, 0",
        "1, 300007, 0.6",
        "3001, 100, 0.3"
    })
    void dropoutKeepsWhatTheCounterSays(int rows, int cols, float rate) {
        StepState state = StepState.allocate(random.memory());
        state.set(random.random().nextLong(), 12, 0);
        FloatMatrix x = random.normal(rows, cols);
        FloatMatrix out = random.normal(rows, cols);
        ops().dropout(x, rate, 3, state, out);
        long key = CounterRandom.key(state.seed(), 12, 3);
        int threshold = CounterRandom.threshold(rate);
        float factor = 1f / (1f - rate);
        assertThat(out.toArray())
                .isDeepEqualTo(matrix(
                        rows,
                        cols,
                        (i, j) -> CounterRandom.keep(key, i * cols + j, threshold) ? x.get(i, j) * factor : 0));
        ops().dropout(x, rate, 3, state, x);
        assertThat(x.toArray()).as("in place").isDeepEqualTo(out.toArray());
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "1, 1", "31, 32", "32, 33", "33, 31", "2000, 37"})
    void selectsTheRowsThatTheCounterSays(int rows, int cols) {
        StepState state = StepState.allocate(random.memory());
        state.set(random.random().nextLong(), 4, 0);
        FloatMatrix a = random.normal(rows, cols);
        FloatMatrix b = random.normal(rows, cols);
        FloatMatrix probability = random.zeros(1, rows);
        for (int i = 0; i < rows; i++) {
            probability.set(0, i, i % 3 == 0 ? 0 : i % 3 == 1 ? 1 : 0.5f);
        }
        long key = CounterRandom.key(state.seed(), 4, 9);
        Element select = (i, j) -> CounterRandom.uniform(key, i) < probability.get(0, i) ? a.get(i, j) : b.get(i, j);
        float[][] expected = matrix(rows, cols, select);
        FloatMatrix out = random.normal(rows, cols);
        FloatMatrix others = random.normal(rows, cols);
        ops().selectRows(probability, 9, state, a, b, out);
        assertThat(out.toArray()).isDeepEqualTo(expected);
        for (int i = 0; i < rows; i += 3) {
            assertThat(out.row(i)).as("probability 0").isEqualTo(b.row(i));
        }
        for (int i = 1; i < rows; i += 3) {
            assertThat(out.row(i)).as("probability 1").isEqualTo(a.row(i));
        }
        ops().selectRows(probability, 9, state, a, null, out);
        ops().selectRows(probability, 9, state, null, b, others);
        ops().add(out, others, out);
        assertThat(out.toArray()).as("split in two").isDeepEqualTo(expected);
        ops().selectRows(probability, 9, state, a, b, a);
        assertThat(a.toArray()).as("in place").isDeepEqualTo(expected);
    }

    @Test
    void dropoutKeepsTheRightShareAndChangesWithStepAndStream() {
        StepState state = StepState.allocate(random.memory());
        state.set(1, 1, 0);
        FloatMatrix ones = FloatMatrix.of(random.memory(), matrix(100, 100, (i, j) -> 1));
        FloatMatrix first = random.zeros(100, 100);
        FloatMatrix other = random.zeros(100, 100);
        ops().dropout(ones, 0.75f, 0, state, first);
        double sum = 0;
        for (float[] row : first.toArray()) {
            for (float v : row) {
                sum += v;
            }
        }
        assertThat(sum / 10_000).as("mean, standard deviation 0.017").isCloseTo(1, within(0.09));
        ops().dropout(ones, 0.75f, 1, state, other);
        assertThat(other.row(0)).as("other stream").isNotEqualTo(first.row(0));
        ops().nextStep(state);
        ops().dropout(ones, 0.75f, 0, state, other);
        assertThat(other.row(0)).as("other step").isNotEqualTo(first.row(0));
    }

    @Test
    void dropoutOfAnInfinityOrNaNIsZeroWhereDropped() {
        StepState state = StepState.allocate(random.memory());
        state.set(5, 1, 0);
        Element value = (i, j) -> j % 2 == 0 ? Float.NaN : Float.POSITIVE_INFINITY;
        FloatMatrix x = FloatMatrix.of(random.memory(), matrix(8, 8, value));
        ops().dropout(x, 0.5f, 0, state, x);
        long key = CounterRandom.key(5, 1, 0);
        int threshold = CounterRandom.threshold(0.5f);
        float[][] expected = matrix(8, 8, (i, j) -> CounterRandom.keep(key, i * 8 + j, threshold) ? value.at(i, j) : 0);
        assertThat(RandomTensors.bits(x.toArray())).isDeepEqualTo(RandomTensors.bits(expected));
    }

    @Test
    void refusesADropoutRateOutsideItsRange() {
        FloatMatrix x = random.zeros(1, 1);
        StepState state = StepState.allocate(random.memory());
        for (float rate : new float[] {1, -0.1f, Float.NaN}) {
            assertThatThrownBy(() -> ops().dropout(x, rate, 0, state, x))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("dropout: rate " + rate + " must lie in [0, 1)");
        }
    }

    @Test
    void refusesShapesThatDoNotFit() {
        FloatMatrix x = random.zeros(2, 3);
        FloatMatrix y = random.zeros(3, 2);
        assertThatThrownBy(() -> ops().copy(x, y))
                .isInstanceOf(ShapeException.class)
                .hasMessage("copy: out: got 3x2, expected 2x3");
        assertThatThrownBy(() -> ops().add(x, y, x)).hasMessage("add: b: got 3x2, expected 2x3");
        assertThatThrownBy(() -> ops().scaleRows(x, y, x)).hasMessage("scaleRows: factor: got 3x2, expected 1x2");
        assertThatThrownBy(() -> ops().addBias(x, y, x)).hasMessage("addBias: bias: got 3x2, expected 1x3");
        assertThatThrownBy(() -> ops().sumRows(x, y)).hasMessage("sumRows: out: got 3x2, expected 1x3");
        assertThatThrownBy(() -> ops().relu(x, y)).hasMessage("relu: out: got 3x2, expected 2x3");
        assertThatThrownBy(() -> ops().reluBackward(x, y, x)).hasMessage("reluBackward: gradY: got 3x2, expected 2x3");
        assertThatThrownBy(() -> ops().softmax(x, y)).hasMessage("softmax: out: got 3x2, expected 2x3");
    }
}
