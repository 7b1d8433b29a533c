package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.kernels.reference.ReferenceMultibitOps;
import org.sgquant.kernels.reference.ReferencePackedOps;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.ShapeException;

/** What every {@link MultibitOps} does; a subclass per implementation. */
public abstract class MultibitOpsContract {

    private static final float[] ORACLE_VALUES = {
        0.144f, 0.791f, 0.401f, -0.399f, -0.255f, 0.687f, -2.277f, 0.514f, 0.451f, -0.033f, -0.25f, -0.293f, -0.337f,
        -0.058f, 0.005f, 0.057f, 2.355f, 0.44f, 0.14f, 1.907f, -0.421f, -0.569f, 0.127f
    };

    private static final float[][] ORACLE_COORDINATES = {
        {0.561348f},
        {1.249133f, 0.930533f},
        {1.021733f, 0.839333f, 0.3186f},
        {0.69786f, 0.609212f, 0.489914f, 0.371444f}
    };

    private static final float[][] ORACLE_CODES = {
        {1, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 1},
        {1, 1, 1, 2, 2, 1, 0, 1, 1, 2, 2, 2, 2, 2, 1, 1, 3, 1, 1, 3, 2, 2, 1},
        {6, 5, 5, 2, 1, 5, 0, 5, 5, 1, 1, 1, 2, 1, 6, 6, 7, 5, 6, 7, 2, 2, 6},
        {5, 14, 3, 12, 10, 14, 0, 3, 3, 9, 10, 10, 12, 9, 6, 6, 15, 3, 5, 15, 12, 12, 5}
    };

    protected final RandomTensors random = new RandomTensors();

    protected abstract MultibitOps ops();

    @AfterEach
    void freeOperands() {
        random.close();
    }

    private FloatMatrix column(float... values) {
        FloatMatrix column = random.zeros(values.length, 1);
        for (int i = 0; i < values.length; i++) {
            column.set(i, 0, values[i]);
        }
        return column;
    }

    private static float[] column(FloatMatrix x, int j) {
        float[] values = new float[x.rows()];
        for (int i = 0; i < values.length; i++) {
            values[i] = x.get(i, j);
        }
        return values;
    }

    /** The same alternation in numpy, least squares by {@code numpy.linalg.lstsq}. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void coordinatesAndCodesAreThoseOfNumpy(int planes) {
        FloatMatrix x = column(ORACLE_VALUES);
        FloatMatrix coordinates = random.normal(planes, 1);
        ops().calibrate(x, "x", coordinates);
        float[] expected = ORACLE_COORDINATES[planes - 1];
        for (int i = 0; i < planes; i++) {
            assertThat(coordinates.get(i, 0)).isCloseTo(expected[i], within(1e-6f));
        }
        ops().encode(x, coordinates, x);
        assertThat(column(x, 0)).containsExactly(ORACLE_CODES[planes - 1]);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 3", "31, 7", "32, 33", "33, 32", "257, 5", "1433, 16"})
    void coordinatesAreThoseOfTheReference(int rows, int cols) {
        for (int planes = 1; planes <= MultibitLevels.MAX_PLANES; planes++) {
            FloatMatrix x = random.normal(rows, cols);
            FloatMatrix coordinates = random.normal(planes, cols);
            FloatMatrix expected = random.normal(planes, cols);
            ops().calibrate(x, "x", coordinates);
            new ReferenceMultibitOps().calibrate(x, "x", expected);
            for (int i = 0; i < planes; i++) {
                for (int j = 0; j < cols; j++) {
                    assertThat(coordinates.get(i, j)).isCloseTo(expected.get(i, j), within(1e-6f));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "1, 1", "31, 7", "32, 33", "33, 31", "257, 5", "1433, 16"})
    void codesAndLevelsHaveTheBitsOfTheReference(int rows, int cols) {
        for (int planes = 1; planes <= MultibitLevels.MAX_PLANES; planes++) {
            FloatMatrix x = random.normal(rows, cols);
            FloatMatrix coordinates = random.normal(planes, cols);
            new ReferenceMultibitOps().calibrate(x, "x", coordinates);
            FloatMatrix codes = random.normal(rows, cols);
            FloatMatrix expected = random.normal(rows, cols);
            ops().encode(x, coordinates, codes);
            new ReferenceMultibitOps().encode(x, coordinates, expected);
            assertThat(codes.toArray()).isDeepEqualTo(expected.toArray());
            FloatMatrix levels = random.normal(rows, cols);
            ops().decode(codes, coordinates, levels);
            new ReferenceMultibitOps().decode(codes, coordinates, expected);
            assertThat(RandomTensors.bits(levels.toArray())).isDeepEqualTo(RandomTensors.bits(expected.toArray()));
            ops().fakeQuantize(x, coordinates, x);
            assertThat(RandomTensors.bits(x.toArray())).isDeepEqualTo(RandomTensors.bits(levels.toArray()));
            ops().fakeQuantize(x, coordinates, x);
            assertThat(x.toArray()).as("a level is the nearest to itself").isDeepEqualTo(levels.toArray());
        }
    }

    @Test
    void oneBitIsTheSignWithAScalePerColumn() {
        FloatMatrix x = random.normal(211, 13);
        FloatMatrix coordinates = random.zeros(1, 13);
        ops().calibrate(x, "x", coordinates);
        QuantScheme scheme = QuantScheme.uniform(random.memory(), "x", 211, 13, BitWidth.Q1, Granularity.COLUMN);
        ReferencePackedOps affine = new ReferencePackedOps();
        affine.calibrate(x, scheme, Calibration.SIGN);
        FloatMatrix signs = random.zeros(211, 13);
        affine.fakeQuantize(x, scheme, signs);
        ops().fakeQuantize(x, coordinates, x);
        for (int i = 0; i < 211; i++) {
            for (int j = 0; j < 13; j++) {
                assertThat(x.get(i, j)).isCloseTo(signs.get(i, j), within(1e-6f));
            }
        }
    }

    @Test
    void aPlaneMoreIsAtLeastAsNearAndSumsOfSignsAreFoundExactly() {
        FloatMatrix x = random.normal(307, 3);
        FloatMatrix sums = random.zeros(307, 3);
        for (int i = 0; i < 307; i++) {
            for (int j = 0; j < 3; j++) {
                sums.set(i, j, (i % 2 == 0 ? 2 : -2) * (j + 1) + (i % 4 < 2 ? 0.5f : -0.5f));
            }
        }
        double before = Double.POSITIVE_INFINITY;
        for (int planes = 1; planes <= MultibitLevels.MAX_PLANES; planes++) {
            double error = squaredError(x, planes);
            assertThat(error).isLessThan(before);
            before = error;
            double left = squaredError(sums, planes);
            assertThat(planes == 1 ? left > 1 : left < 1e-6)
                    .as("error %s of sums of two signs in %s planes", left, planes)
                    .isTrue();
        }
    }

    private double squaredError(FloatMatrix x, int planes) {
        FloatMatrix coordinates = random.zeros(planes, x.cols());
        FloatMatrix fake = random.zeros(x.rows(), x.cols());
        ops().calibrate(x, "x", coordinates);
        ops().fakeQuantize(x, coordinates, fake);
        double error = 0;
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < x.cols(); j++) {
                error += Math.pow(x.get(i, j) - (double) fake.get(i, j), 2);
            }
        }
        return error;
    }

    /** Fewer different values than planes: the planes that are not needed get 0. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void columnsWithoutRowsOfZerosAndOfOneMagnitude(int planes) {
        FloatMatrix none = random.normal(planes, 2);
        ops().calibrate(random.zeros(0, 2), "x", none);
        assertThat(none.toArray()).isDeepEqualTo(new float[planes][2]);
        FloatMatrix x = FloatMatrix.of(random.memory(), new float[][] {{0, 1.5f}, {0, -1.5f}, {0, 1.5f}});
        FloatMatrix coordinates = random.normal(planes, 2);
        ops().calibrate(x, "x", coordinates);
        assertThat(column(coordinates, 0)).containsOnly(0);
        assertThat(coordinates.get(0, 1)).isEqualTo(1.5f);
        FloatMatrix fake = random.normal(3, 2);
        ops().fakeQuantize(x, coordinates, fake);
        for (int i = 0; i < 3; i++) {
            assertThat(Math.abs(fake.get(i, 0))).isEqualTo(0);
            assertThat(fake.get(i, 1)).isEqualTo(x.get(i, 1));
        }
    }

    /** Halfway between two levels the lower code is taken, at 0 that of the lower level. */
    @Test
    void tiesAndNaNTakeTheLowestCode() {
        FloatMatrix coordinates = column(2, 1);
        FloatMatrix x = column(-9, -3, -2, -1, 0, 1, 2, 3, Float.NaN);
        ops().encode(x, coordinates, x);
        assertThat(column(x, 0)).containsExactly(0, 0, 0, 2, 1, 1, 1, 3, 0);
        ops().decode(x, coordinates, x);
        assertThat(column(x, 0)).containsExactly(-3, -3, -3, -1, 1, 1, 1, 3, -3);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void namesTheFirstThatIsNotFinite(float value) {
        FloatMatrix x = random.normal(300, 5);
        x.set(270, 1, value);
        x.set(269, 4, value);
        assertThatThrownBy(() -> ops().calibrate(x, "L1.weight", random.zeros(2, 5)))
                .isInstanceOf(NonFiniteException.class)
                .hasMessage("L1.weight: value " + value + " at row 269, column 4 cannot be quantized");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 8})
    void refusesOtherWidths(int planes) {
        FloatMatrix x = random.normal(2, 2);
        assertThatThrownBy(() -> ops().calibrate(x, "x", random.zeros(planes, 2)))
                .hasMessage("multi-bit weights take 1 to 4 bits, got " + planes);
    }

    @Test
    void refusesOtherShapes() {
        FloatMatrix x = random.normal(2, 2);
        assertThatThrownBy(() -> ops().calibrate(x, "x", random.zeros(2, 3)))
                .hasMessage("calibrate x: coordinates: got 2x3, expected 2x2");
        assertThatThrownBy(() -> ops().encode(x, random.zeros(2, 2), random.zeros(2, 3)))
                .isInstanceOf(ShapeException.class);
        assertThatThrownBy(() -> ops().decode(x, random.zeros(2, 1), x)).isInstanceOf(ShapeException.class);
    }
}
