package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.kernels.reference.ReferencePowerOps;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.ShapeException;

/** What every {@link PowerOps} does; a subclass per implementation. */
public abstract class PowerOpsContract {

    protected final RandomTensors random = new RandomTensors();

    protected abstract PowerOps ops();

    @AfterEach
    void freeOperands() {
        random.close();
    }

    private FloatMatrix row(float... values) {
        return FloatMatrix.of(random.memory(), new float[][] {values});
    }

    /** The worked levels of INQ at 4 bits for weights up to 1: 1, 1/2, 1/4, 1/8, and borders at 3/4, 3/8, 3/16, 1/16. */
    @Test
    void numbersAtTheBordersOfTheLevels() {
        float below = Math.nextDown(0.75f);
        FloatMatrix x = row(9, 0.75f, below, -0.375f, 0.1875f, 0.0625f, Math.nextDown(0.0625f), -0f, -1.4f, Float.NaN);
        FloatMatrix codes = random.normal(1, 10);
        ops().encodePowers(x, row(1), 4, codes);
        assertThat(codes.row(0)).containsExactly(8, 8, 9, 13, 10, 11, 0, 0, 12, 0);
        ops().decodePowers(codes, row(1), 4, codes);
        assertThat(codes.row(0)).containsExactly(1, 1, 0.5f, -0.5f, 0.25f, 0.125f, 0, 0, -1, 0);
    }

    @Test
    void twoBitsAreTernary() {
        FloatMatrix x = row(-3, -0.9f, 0.9f, 1, 2.5f, 4);
        ops().encodePowers(x, row(2), 2, x);
        assertThat(x.row(0)).containsExactly(3, 0, 0, 2, 2, 2);
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "1, 1", "31, 7", "32, 33", "33, 31", "257, 5", "1433, 16"})
    void codesAreThoseOfTheReferenceAndLevelsKeepTheirs(int rows, int cols) {
        for (int bits = 2; bits <= 8; bits++) {
            FloatMatrix top = row(Math.scalb(1f, random.random().nextInt(20) - 10));
            FloatMatrix x = random.normal(rows, cols);
            FloatMatrix codes = random.normal(rows, cols);
            FloatMatrix expected = random.normal(rows, cols);
            ops().encodePowers(x, top, bits, codes);
            new ReferencePowerOps().encodePowers(x, top, bits, expected);
            assertThat(codes.toArray()).isDeepEqualTo(expected.toArray());
            FloatMatrix levels = random.normal(rows, cols);
            ops().decodePowers(codes, top, bits, levels);
            new ReferencePowerOps().decodePowers(codes, top, bits, expected);
            assertThat(RandomTensors.bits(levels.toArray())).isDeepEqualTo(RandomTensors.bits(expected.toArray()));
            ops().encodePowers(levels, top, bits, levels);
            assertThat(levels.toArray()).as("a level has its own code").isDeepEqualTo(codes.toArray());
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "1, 1", "5, 33", "1433, 16"})
    void holdPutsBackWhatIsFrozen(int rows, int cols) {
        FloatMatrix frozen = random.normal(rows, cols);
        FloatMatrix x = random.normal(rows, cols);
        float[][] expected = x.toArray();
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                if (random.random().nextBoolean()) {
                    frozen.set(i, j, Float.NaN);
                } else {
                    expected[i][j] = frozen.get(i, j);
                }
            }
        }
        ops().hold(frozen, x);
        assertThat(x.toArray()).isDeepEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 9, 16})
    void refusesOtherWidths(int bits) {
        FloatMatrix x = random.normal(2, 2);
        assertThatThrownBy(() -> ops().encodePowers(x, row(1), bits, x))
                .hasMessage("powers of two take 2 to 8 bits, got " + bits);
    }

    @Test
    void refusesOtherShapes() {
        FloatMatrix x = random.normal(2, 2);
        assertThatThrownBy(() -> ops().decodePowers(x, x, 4, x)).isInstanceOf(ShapeException.class);
        assertThatThrownBy(() -> ops().hold(x, random.normal(2, 3))).isInstanceOf(ShapeException.class);
    }

    /** {@code floor(log2(4/3 max))}, as numpy has it. */
    @Test
    void theHighestLevelOfAMaximum() {
        assertThat(PowerLevels.top(1)).isEqualTo(1);
        assertThat(PowerLevels.top(0.75f)).isEqualTo(1);
        assertThat(PowerLevels.top(Math.nextDown(0.75f))).isEqualTo(0.5f);
        assertThat(PowerLevels.top(0.0637f)).isEqualTo(0.0625f);
        assertThat(PowerLevels.top(11)).isEqualTo(8);
        assertThat(PowerLevels.top(0)).isEqualTo(1);
    }
}
