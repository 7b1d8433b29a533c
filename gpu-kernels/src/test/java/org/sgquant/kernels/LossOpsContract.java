package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.kernels.LossOps.Correction;
import org.sgquant.kernels.reference.ReferenceElementwiseOps;
import org.sgquant.kernels.reference.ReferenceLossOps;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.ShapeException;

/** What every {@link LossOps} does; a subclass per implementation. */
public abstract class LossOpsContract {

    private static final float[][] LOGITS = {{1, 2, 3}, {-4, 0.5f, 2}, {10, -10, 0}, {0.25f, 0.25f, 0.25f}};
    private static final float[][] TEACHER = {{3, 2, 1}, {-1, 1, 2}, {0, -5, 5}, {1, -1, 0.5f}};

    private static final float FORWARD_LOSS = 1.1571074f;
    private static final float BACKWARD_LOSS = 3.335421f;
    private static final float DISTILL_LOSS = 4.830822f;

    private static final float[][] FORWARD_GRADIENT = {
        {0.017132943f, 0.04657217f, -0.06370512f},
        {0, 0, 0},
        {3.0261126e-05f, 0, -3.0261126e-05f},
        {0.044444446f, -0.08888889f, 0.044444446f}
    };
    private static final float[][] BACKWARD_GRADIENT = {
        {0.19667685f, 0.24824281f, -0.44491965f},
        {0, 0, 0},
        {0.49998483f, 0.16666666f, -0.6666515f},
        {0.27777776f, -0.5555555f, 0.27777776f}
    };
    private static final float[][] DISTILL_GRADIENT = {
        {-0.16007833f, 0, 0.16007833f},
        {-0.044621672f, -0.01058559f, 0.055207264f},
        {0.4589368f, -0.0030715957f, -0.4558652f},
        {-0.066251114f, 0.080981f, -0.014729885f}
    };

    protected final RandomTensors random = new RandomTensors();

    protected abstract LossOps ops();

    @AfterEach
    void freeOperands() {
        random.close();
    }

    private IntArray ints(int... values) {
        return IntArray.of(random.memory(), values);
    }

    private FloatMatrix matrix(float[][] rows) {
        return FloatMatrix.of(random.memory(), rows);
    }

    /** Symmetric noise of rate 0.4 over three classes, or its inverse. */
    private FloatMatrix noise(Correction correction) {
        return matrix(
                correction == Correction.FORWARD
                        ? new float[][] {{0.6f, 0.2f, 0.2f}, {0.2f, 0.6f, 0.2f}, {0.2f, 0.2f, 0.6f}}
                        : new float[][] {{2, -0.5f, -0.5f}, {-0.5f, 2, -0.5f}, {-0.5f, -0.5f, 2}});
    }

    private FloatMatrix identity(int n) {
        FloatMatrix m = random.zeros(n, n);
        IntStream.range(0, n).forEach(i -> m.set(i, i, 1));
        return m;
    }

    /** Values of scipy's log_softmax and numpy's inverse; gradients from central differences of the same, in double. */
    @ParameterizedTest
    @EnumSource
    void correctedLossesAreThoseOfScipy(Correction correction) {
        FloatMatrix grad = random.normal(4, 3);
        FloatMatrix metrics = random.zeros(1, 2);
        ops().correctedCrossEntropy(
                        matrix(LOGITS), ints(2, 0, 2, 1), ints(0, 2, 3), correction, noise(correction), grad, metrics);
        boolean forward = correction == Correction.FORWARD;
        assertThat(metrics.get(0, 0)).isCloseTo(forward ? FORWARD_LOSS : BACKWARD_LOSS, within(1e-6f));
        assertThat(metrics.get(0, 1)).as("right predictions").isEqualTo(1);
        requireClose(grad, forward ? FORWARD_GRADIENT : BACKWARD_GRADIENT, 2e-7f);
    }

    private static void requireClose(FloatMatrix actual, float[][] expected, float tolerance) {
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual.row(i)).as("row %d", i).containsExactly(expected[i], within(tolerance));
        }
    }

    @ParameterizedTest
    @EnumSource
    void withoutNoiseTheLossIsThePlainCrossEntropy(Correction correction) {
        FloatMatrix logits = random.normal(37, 7);
        IntArray labels = ints(random.random().ints(37, 0, 7).toArray());
        IntArray nodes = ints(IntStream.range(5, 31).toArray());
        FloatMatrix[] grads = {random.normal(37, 7), random.normal(37, 7)};
        FloatMatrix[] metrics = {random.normal(1, 2), random.normal(1, 2)};
        ops().correctedCrossEntropy(logits, labels, nodes, correction, identity(7), grads[0], metrics[0]);
        new ReferenceElementwiseOps().softmaxCrossEntropy(logits, labels, nodes, grads[1], metrics[1]);
        requireClose(grads[0], grads[1].toArray(), 1e-6f);
        requireClose(metrics[0], metrics[1].toArray(), 1e-5f);
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "1, 1", "1, 2", "31, 7", "32, 33", "33, 31", "257, 5", "1031, 40"})
    void agreesWithTheReference(int rows, int cols) {
        FloatMatrix logits = random.normal(rows, cols);
        IntArray labels = ints(random.random().ints(rows, 0, cols).toArray());
        IntArray nodes = ints(IntStream.range(0, rows).filter(i -> i % 3 != 1).toArray());
        LossOps reference = new ReferenceLossOps();
        for (Correction correction : Correction.values()) {
            FloatMatrix matrix = random.abs(random.normal(cols, cols));
            FloatMatrix[] grads = {random.normal(rows, cols), random.normal(rows, cols)};
            FloatMatrix[] metrics = {random.normal(1, 2), random.normal(1, 2)};
            ops().correctedCrossEntropy(logits, labels, nodes, correction, matrix, grads[0], metrics[0]);
            reference.correctedCrossEntropy(logits, labels, nodes, correction, matrix, grads[1], metrics[1]);
            requireClose(grads[0], grads[1].toArray(), 1e-5f);
            assertThat(metrics[0].get(0, 0)).isCloseTo(metrics[1].get(0, 0), within(1e-4f));
            assertThat(metrics[0].get(0, 1)).isEqualTo(metrics[1].get(0, 1));
            ops().correctedCrossEntropy(logits, labels, nodes, correction, matrix, null, metrics[0]);
            assertThat(metrics[0].get(0, 0)).as("without a gradient").isCloseTo(metrics[1].get(0, 0), within(1e-4f));
        }
        FloatMatrix teacher = random.normal(rows, cols);
        FloatMatrix[] grads = {random.normal(rows, cols), random.zeros(rows, cols)};
        grads[1].copyFrom(grads[0]);
        FloatMatrix[] metrics = {random.normal(1, 2), random.zeros(1, 2)};
        metrics[1].copyFrom(metrics[0]);
        ops().distill(logits, teacher, 3, 0.7f, grads[0], grads[0], metrics[0]);
        reference.distill(logits, teacher, 3, 0.7f, grads[1], grads[1], metrics[1]);
        requireClose(grads[0], grads[1].toArray(), 1e-6f);
        requireClose(metrics[0], metrics[1].toArray(), 1e-5f);
    }

    /** Values of scipy's log_softmax, in double. */
    @Test
    void distillationIsThatOfScipyAndBlendsWithTheLossOnLabels() {
        FloatMatrix grad = random.zeros(4, 3);
        FloatMatrix metrics = matrix(new float[][] {{9, 5}});
        ops().distill(matrix(LOGITS), matrix(TEACHER), 2, 1, random.normal(4, 3), grad, metrics);
        assertThat(metrics.row(0)).containsExactly(new float[] {DISTILL_LOSS, 5}, within(1e-6f));
        requireClose(grad, DISTILL_GRADIENT, 1e-7f);
        FloatMatrix ones = matrix(new float[][] {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}});
        metrics.set(0, 0, 2);
        ops().distill(matrix(LOGITS), matrix(TEACHER), 2, 0.25f, ones, ones, metrics);
        assertThat(metrics.get(0, 0)).isCloseTo(1.5f + DISTILL_LOSS / 4, within(1e-6f));
        assertThat(ones.get(0, 0)).isCloseTo(0.75f + DISTILL_GRADIENT[0][0] / 4, within(1e-7f));
    }

    @Test
    void aStudentThatIsItsTeacherHasNothingToLearn() {
        FloatMatrix logits = random.normal(33, 6);
        FloatMatrix grad = random.normal(33, 6);
        FloatMatrix metrics = random.normal(1, 2);
        ops().distill(logits, logits, 4, 1, random.normal(33, 6), grad, metrics);
        assertThat(metrics.get(0, 0)).isZero();
        assertThat(grad.toArray()).isDeepEqualTo(new float[33][6]);
    }

    @Test
    void certainTeachersAndStudentsStayFinite() {
        FloatMatrix logits = matrix(new float[][] {{1e4f, 0, -1e4f}});
        FloatMatrix teacher = matrix(new float[][] {{-1e4f, 0, 1e4f}});
        FloatMatrix grad = random.normal(1, 3);
        FloatMatrix metrics = random.zeros(1, 2);
        ops().distill(logits, teacher, 1, 1, random.zeros(1, 3), grad, metrics);
        assertThat(metrics.get(0, 0)).isEqualTo(20000);
        assertThat(grad.row(0)).containsExactly(1, 0, -1);
    }

    @Test
    void refusesWrongShapesAndValues() {
        FloatMatrix x = random.normal(4, 3);
        FloatMatrix metrics = random.zeros(1, 2);
        assertThatThrownBy(() -> ops().correctedCrossEntropy(
                                x, ints(0, 0, 0, 0), ints(0), Correction.FORWARD, identity(4), null, metrics))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("matrix");
        assertThatThrownBy(() -> ops().correctedCrossEntropy(
                                x, ints(0, 3, 0, 0), ints(0, 1), Correction.FORWARD, identity(3), null, metrics))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("label 3 of node 1");
        assertThatThrownBy(() -> ops().distill(x, random.normal(3, 3), 1, 1, x, x, metrics))
                .isInstanceOf(ShapeException.class)
                .hasMessageContaining("teacher");
        assertThatThrownBy(() -> ops().distill(x, x, 0, 1, x, x, metrics)).hasMessageContaining("temperature 0");
        assertThatThrownBy(() -> ops().distill(x, x, 1, 1.5f, x, x, metrics)).hasMessageContaining("weight 1.5");
    }
}
