package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.ShapeException;

/** What losses and optimizer of every {@link ElementwiseOps} do; a subclass per implementation. */
public abstract class TrainingOpsContract {

    protected final RandomTensors random = new RandomTensors();

    protected abstract ElementwiseOps ops();

    @AfterEach
    void freeOperands() {
        random.close();
    }

    private IntArray ints(int... values) {
        return IntArray.of(random.memory(), values);
    }

    @Test
    void softmaxOfKnownRows() {
        FloatMatrix x = FloatMatrix.of(
                random.memory(), new float[][] {{0, 0, 0}, {1, 2, 3}, {1000, 0, -1000}, {-1000, -1000, -1001}});
        ops().softmax(x, x);
        float[][] expected = {
            {1 / 3f, 1 / 3f, 1 / 3f},
            {0.09003057f, 0.24472848f, 0.66524094f},
            {1, 0, 0},
            {0.42231880f, 0.42231880f, 0.15536240f}
        };
        for (int i = 0; i < expected.length; i++) {
            assertThat(x.row(i)).containsExactly(expected[i], within(1e-6f));
        }
    }

    @Test
    void softmaxRowsSumToOne() {
        FloatMatrix x = random.normal(3001, 37);
        FloatMatrix p = random.zeros(3001, 37);
        ops().softmax(x, p);
        for (int i = 0; i < p.rows(); i++) {
            double sum = 0;
            for (float v : p.row(i)) {
                assertThat(v).isBetween(0f, 1f);
                sum += v;
            }
            assertThat(sum).isCloseTo(1, within(37 * 0x1p-24));
        }
    }

    @Test
    void lossOfUniformLogitsIsTheLogOfTheClassesAndTiesGoToTheLowestClass() {
        FloatMatrix logits = random.zeros(4, 5);
        FloatMatrix grad = random.normal(4, 5);
        FloatMatrix metrics = random.zeros(1, 2);
        ops().softmaxCrossEntropy(logits, ints(0, 1, 0, 4), ints(0, 1, 3), grad, metrics);
        assertThat(metrics.get(0, 0)).isEqualTo((float) Math.log(5));
        assertThat(metrics.get(0, 1)).as("right predictions").isEqualTo(1);
        assertThat(grad.row(0))
                .containsExactly(new float[] {-0.8f / 3, 0.2f / 3, 0.2f / 3, 0.2f / 3, 0.2f / 3}, within(1e-7f));
        assertThat(grad.row(2)).as("a node that is not listed").containsExactly(0, 0, 0, 0, 0);
    }

    @Test
    void lossOfKnownLogits() {
        FloatMatrix logits = FloatMatrix.of(random.memory(), new float[][] {{1, 2, 3}, {1e4f, 0, 0}, {0, 200, 0}});
        FloatMatrix metrics = random.zeros(1, 2);
        ops().softmaxCrossEntropy(logits, ints(2, 0, 0), ints(0, 1, 2), null, metrics);
        assertThat(metrics.get(0, 0)).isCloseTo((float) ((0.40760596 + 0 + 200) / 3), within(1e-5f));
        assertThat(metrics.get(0, 1)).isEqualTo(2);
    }

    @Test
    void noNodesHaveNoLossAndNoGradient() {
        FloatMatrix logits = random.normal(2, 3);
        FloatMatrix grad = random.normal(2, 3);
        FloatMatrix metrics = random.normal(1, 2);
        ops().softmaxCrossEntropy(logits, ints(0, 1), ints(), grad, metrics);
        assertThat(metrics.row(0)).containsExactly(0, 0);
        assertThat(grad.toArray()).isDeepEqualTo(new float[2][3]);
    }

    @Test
    void gradientAgreesWithFiniteDifferences() {
        FloatMatrix logits = random.normal(5, 7);
        IntArray labels = ints(3, 0, 6, 2, 2);
        IntArray nodes = ints(0, 2, 4);
        FloatMatrix grad = random.normal(5, 7);
        FloatMatrix metrics = random.zeros(1, 2);
        ops().softmaxCrossEntropy(logits, labels, nodes, grad, metrics);
        float h = 0x1p-6f;
        for (int i = 0; i < 5; i++) {
            for (int j = 0; j < 7; j++) {
                float x = logits.get(i, j);
                logits.set(i, j, x + h);
                ops().softmaxCrossEntropy(logits, labels, nodes, null, metrics);
                double above = metrics.get(0, 0);
                logits.set(i, j, x - h);
                ops().softmaxCrossEntropy(logits, labels, nodes, null, metrics);
                double below = metrics.get(0, 0);
                logits.set(i, j, x);
                assertThat((double) grad.get(i, j))
                        .as("row %d, column %d", i, j)
                        .isCloseTo((above - below) / (2 * h), within(1e-4));
            }
        }
    }

    @Test
    void lossOfManyNodesIsTheMeanOfTheirLosses() {
        int n = 4001;
        FloatMatrix logits = random.normal(n, 19);
        int[] labels = random.random().ints(n, 0, 19).toArray();
        FloatMatrix grad = random.normal(n, 19);
        FloatMatrix metrics = random.zeros(1, 2);
        IntArray all = ints(IntStream.range(0, n).toArray());
        ops().softmaxCrossEntropy(logits, ints(labels), all, grad, metrics);
        double mean = 0;
        int right = 0;
        FloatMatrix one = random.zeros(1, 2);
        for (int i = 0; i < n; i++) {
            ops().softmaxCrossEntropy(logits, ints(labels), ints(i), null, one);
            mean += one.get(0, 0) / n;
            right += (int) one.get(0, 1);
        }
        assertThat((double) metrics.get(0, 0)).isCloseTo(mean, within(1e-6));
        assertThat(metrics.get(0, 1)).isEqualTo(right);
        for (int i = 0; i < n; i++) {
            double sum = 0;
            for (float g : grad.row(i)) {
                sum += g;
            }
            assertThat(sum).as("a gradient row sums to 0").isCloseTo(0, within(1e-9));
        }
    }

    @Test
    void refusesLabelsAndNodesThatDoNotExist() {
        FloatMatrix logits = random.zeros(3, 2);
        FloatMatrix metrics = random.zeros(1, 2);
        IntArray labels = ints(0, 2, -1);
        assertThatThrownBy(() -> ops().softmaxCrossEntropy(logits, labels, ints(0, 1), null, metrics))
                .isInstanceOf(ShapeException.class)
                .hasMessage("softmaxCrossEntropy: label 2 of node 1 is outside 0..1");
        assertThatThrownBy(() -> ops().softmaxCrossEntropy(logits, labels, ints(3), null, metrics))
                .isInstanceOf(ShapeException.class)
                .hasMessage("softmaxCrossEntropy: node 3 is outside 0..2");
        assertThatThrownBy(() -> ops().softmaxCrossEntropy(logits, ints(0), ints(0), null, metrics))
                .hasMessage("softmaxCrossEntropy: labels.size must equal logits.rows: 1 != 3");
        assertThatThrownBy(() -> ops().softmaxCrossEntropy(logits, labels, ints(0), logits, metrics))
                .hasMessage("softmaxCrossEntropy: grad and logits must not share memory");
    }

    @Test
    void adamFollowsValuesComputedElsewhere() throws IOException {
        Iterator<float[]> lines = lines("adam.csv").iterator();
        FloatMatrix p = FloatMatrix.ofVector(random.memory(), lines.next());
        FloatMatrix m = random.zeros(1, p.cols());
        FloatMatrix v = random.zeros(1, p.cols());
        StepState state = StepState.allocate(random.memory());
        state.set(0, 0, 0.01f);
        for (int step = 1; step <= 5; step++) {
            FloatMatrix grad = FloatMatrix.ofVector(random.memory(), lines.next());
            ops().nextStep(state);
            ops().adam(p, grad, m, v, 5e-4f, state);
            assertClose(p, lines.next(), "p after step " + step);
        }
        assertClose(m, lines.next(), "m");
        assertClose(v, lines.next(), "v");
    }

    private static void assertClose(FloatMatrix got, float[] expected, String what) {
        for (int j = 0; j < expected.length; j++) {
            assertThat(got.get(0, j))
                    .as("%s, element %d", what, j)
                    .isCloseTo(expected[j], within(2e-6f * Math.abs(expected[j]) + 1e-9f));
        }
    }

    private static List<float[]> lines(String resource) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(TrainingOpsContract.class.getResourceAsStream(resource), resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(TrainingOpsContract::values)
                    .toList();
        }
    }

    private static float[] values(String line) {
        String[] cells = line.split(",");
        float[] values = new float[cells.length - 1];
        for (int j = 0; j < values.length; j++) {
            values[j] = Float.parseFloat(cells[j + 1]);
        }
        return values;
    }

    @Test
    void adamMovesByTheLearningRateInItsFirstStep() {
        StepState state = StepState.allocate(random.memory());
        state.set(0, 0, 0.125f);
        ops().nextStep(state);
        FloatMatrix p = random.zeros(2500, 100);
        FloatMatrix grad = random.normal(2500, 100);
        ops().adam(p, grad, random.zeros(2500, 100), random.zeros(2500, 100), 0, state);
        for (int i = 0; i < 2500; i++) {
            for (int j = 0; j < 100; j++) {
                double g = grad.get(i, j);
                double expected = -0.125 * g / (Math.abs(g) + 1e-8);
                assertThat((double) p.get(i, j)).isCloseTo(expected, within(1e-6));
            }
        }
    }

    @Test
    void adamRefusesAStateThatNeverStepped() {
        StepState state = StepState.allocate(random.memory());
        FloatMatrix p = random.zeros(1, 1);
        assertThatThrownBy(() -> ops().adam(p, p, p, p, 0, state))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("adam: step 0 of the state, expected at least 1: nextStep first");
    }

    @Test
    void nextStepKeepsSeedAndLearningRate() {
        StepState state = StepState.allocate(random.memory());
        state.set(Long.MIN_VALUE + 5, 41, 0.25f);
        ops().nextStep(state);
        assertThat(state.seed()).isEqualTo(Long.MIN_VALUE + 5);
        assertThat(state.step()).isEqualTo(42);
        assertThat(state.learningRate()).isEqualTo(0.25f);
    }
}
