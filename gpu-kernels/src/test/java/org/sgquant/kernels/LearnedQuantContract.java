package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.kernels.reference.ReferenceLearnedQuantOps;
import org.sgquant.kernels.reference.ReferencePackedOps;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.QuantParams;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;
import org.sgquant.tensor.ShapeException;

/** What every {@link LearnedQuantOps} does. */
public interface LearnedQuantContract {

    List<Granularity> LEARNED = List.of(Granularity.TENSOR, Granularity.BUCKET, Granularity.COLUMN);

    LearnedQuantOps ops();

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "E.+", mode = EnumSource.Mode.MATCH_NONE)
    default void gradients_are_those_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            for (int rows : new int[] {1, 2, 31, 33, 1031}) {
                for (int cols : rows == 1031 ? new int[] {37} : new int[] {1, 7, 31, 32, 33, 100}) {
                    for (Granularity granularity : LEARNED) {
                        for (Rounding rounding : Rounding.values()) {
                            check(f, f.scheme(rows, cols, bits, granularity, rounding));
                        }
                    }
                }
            }
        }
    }

    private void check(PackedFixture f, QuantScheme scheme) {
        String what = scheme.blocks().get(0).bits() + " " + scheme.granularity() + " " + scheme.rounding() + " "
                + scheme.rows() + "x" + scheme.cols() + ", seed " + f.seed;
        FloatMatrix x = f.matrix(scheme.rows(), scheme.cols());
        FloatMatrix gradY = f.matrix(scheme.rows(), scheme.cols());
        new ReferencePackedOps().calibrate(x, scheme, Calibration.percentile(0.8));
        LearnedRanges expected = LearnedRanges.allocate(f.memory, scheme);
        LearnedRanges actual = LearnedRanges.allocate(f.memory, scheme);
        FloatMatrix expectedX = f.output(scheme.rows(), scheme.cols());
        FloatMatrix actualX = f.output(scheme.rows(), scheme.cols());
        new ReferenceLearnedQuantOps().backward(x, expected, gradY, expectedX);
        ops().backward(x, actual, gradY, actualX);
        f.assertSameBits(actualX, expectedX, what);
        new ReferenceLearnedQuantOps().backward(x, expected, gradY, null);
        ops().backward(x, actual, gradY, null);
        new ReferenceLearnedQuantOps().backward(x, expected, gradY, expectedX);
        ops().backward(x, actual, gradY, gradY);
        f.assertSameBits(gradY, expectedX, what + " in place");
        double size = 3.0 * scheme.rows() * (actual.perColumn() ? 1 : scheme.cols());
        int steps = scheme.blocks().get(0).bits().isPacked()
                ? scheme.blocks().get(0).bits().maxCode()
                : 7;
        assertClose(actual.gradient(), expected.gradient(), 1e-6 * size * Math.max(steps, 15), what + " gradient");
        assertClose(actual.error(), expected.error(), 1e-5 * size, what + " error");
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "E.+", mode = EnumSource.Mode.MATCH_NONE)
    default void errors_of_tensors_quantized_elsewhere_add_up_per_scale(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            for (int[] shape : new int[][] {{0, 3}, {1, 1}, {2, 31}, {31, 32}, {33, 33}, {1031, 37}}) {
                for (Granularity granularity : LEARNED) {
                    checkErrors(f, f.scheme(shape[0], shape[1], bits, granularity, Rounding.NEAREST));
                }
            }
        }
    }

    private void checkErrors(PackedFixture f, QuantScheme scheme) {
        FloatMatrix x = f.matrix(scheme.rows(), scheme.cols());
        FloatMatrix y = f.matrix(scheme.rows(), scheme.cols());
        FloatMatrix gradY = f.matrix(scheme.rows(), scheme.cols());
        LearnedRanges ranges = LearnedRanges.allocate(f.memory, scheme);
        ranges.gradient().set(0, 0, 5);
        double[][] expected = new double[scheme.blocks().size()][ranges.error().cols()];
        for (int b = 0; b < expected.length; b++) {
            QuantScheme.Block block = scheme.blocks().get(b);
            for (int r = block.rowStart(); r < block.rowEnd() && block.bits().isPacked(); r++) {
                for (int c = 0; c < scheme.cols(); c++) {
                    double off = (double) y.get(r, c) - x.get(r, c);
                    expected[b][ranges.perColumn() ? c : 0] += 2 * Math.abs(off * gradY.get(r, c));
                }
            }
        }
        ops().addError(x, y, ranges, gradY);
        ops().addError(x, y, ranges, gradY);
        for (int b = 0; b < expected.length; b++) {
            for (int i = 0; i < expected[b].length; i++) {
                assertThat((double) ranges.error().get(b, i))
                        .as("block %d of %s, scale %d, seed %d", b, scheme, i, f.seed)
                        .isCloseTo(expected[b][i], within(1e-5 * expected[b][i]));
                assertThat(ranges.gradient().get(2 * b, i)).isZero();
            }
        }
    }

    private static void assertClose(FloatMatrix got, FloatMatrix expected, double tolerance, String what) {
        for (int r = 0; r < expected.rows(); r++) {
            for (int c = 0; c < expected.cols(); c++) {
                double want = expected.get(r, c);
                assertThat((double) got.get(r, c))
                        .as("%s, row %d, column %d", what, r, c)
                        .isCloseTo(want, within(tolerance + 1e-5 * Math.abs(want)));
            }
        }
    }

    @Test
    default void gradients_and_steps_are_those_of_numpy() {
        LearnedOracle oracle = new LearnedOracle();
        assertThat(oracle.cases()).hasSize(2);
        try (PackedFixture f = new PackedFixture()) {
            for (LearnedOracle.Case expected : oracle.cases()) {
                int[] bounds = {0, 3, 7};
                QuantScheme scheme = QuantScheme.create(
                        f.memory,
                        "L1.message",
                        bounds,
                        5,
                        List.of(BitWidth.Q2, BitWidth.Q3),
                        expected.granularity(),
                        Rounding.NEAREST);
                int n = scheme.blocks().get(0).params().scale().cols();
                for (int b = 0; b < 2; b++) {
                    QuantParams params = scheme.blocks().get(b).params();
                    params.scale().copyFrom(expected.row(f.memory, "scale", b, n));
                    params.offset().copyFrom(expected.row(f.memory, "offset", b, n));
                }
                LearnedRanges ranges = LearnedRanges.allocate(f.memory, scheme);
                FloatMatrix gradX = f.output(7, 5);
                ops().backward(oracle.matrix(f.memory, "x"), ranges, oracle.matrix(f.memory, "gradY"), gradX);
                for (int r = 0; r < 7; r++) {
                    assertClose(gradX.row(r), expected.row(f.memory, "gradX", r, 5), "gradX");
                }
                for (int b = 0; b < 2; b++) {
                    assertClose(ranges.gradient().row(2 * b), expected.row(f.memory, "gradScale", b, n), "scale");
                    assertClose(ranges.gradient().row(2 * b + 1), expected.row(f.memory, "gradOffset", b, n), "offset");
                    assertClose(ranges.error().row(b), expected.row(f.memory, "error", b, n), "error");
                }
                StepState state = StepState.allocate(f.memory);
                for (int step = 1; step <= 3; step++) {
                    state.set(0, step, 0.05f);
                    ops().step(ranges, 0.5f, state);
                }
                for (int b = 0; b < 2; b++) {
                    QuantParams params = scheme.blocks().get(b).params();
                    assertClose(params.scale().row(0), expected.row(f.memory, "scaleAfter", b, n), "scale after");
                    assertClose(params.offset().row(0), expected.row(f.memory, "offsetAfter", b, n), "offset after");
                }
            }
        }
    }

    private static void assertClose(float[] got, FloatMatrix expected, String what) {
        for (int i = 0; i < got.length; i++) {
            assertThat(got[i])
                    .as("%s, element %d", what, i)
                    .isCloseTo(expected.get(0, i), within(5e-6f + 5e-6f * Math.abs(expected.get(0, i))));
        }
    }

    /** Rounding as the identity: its residual u - t stays what it is while scale or offset moves. */
    @Test
    default void gradients_are_finite_differences_of_the_surrogate() {
        try (PackedFixture f = new PackedFixture()) {
            for (BitWidth bits : List.of(BitWidth.Q1, BitWidth.Q2, BitWidth.Q4)) {
                QuantScheme scheme = f.uniform(31, 1, bits, Granularity.COLUMN);
                FloatMatrix x = f.matrix(31, 1);
                FloatMatrix gradY = f.matrix(31, 1);
                scheme.blocks().get(0).params().setRange(0, -1.5, 2.5, bits.maxCode());
                LearnedRanges ranges = LearnedRanges.allocate(f.memory, scheme);
                ops().backward(x, ranges, gradY, f.output(31, 1));
                double s = scheme.blocks().get(0).params().scale().get(0, 0);
                double o = scheme.blocks().get(0).params().offset().get(0, 0);
                double h = 1e-6;
                double byScale = (surrogate(x, gradY, bits, s, o, s + h, o) - surrogate(x, gradY, bits, s, o, s - h, o))
                        / (2 * h);
                double byOffset =
                        (surrogate(x, gradY, bits, s, o, s, o + h) - surrogate(x, gradY, bits, s, o, s, o - h))
                                / (2 * h);
                assertThat((double) ranges.gradient().get(0, 0))
                        .as("scale, %s, seed %d", bits, f.seed)
                        .isCloseTo(byScale, within(1e-3));
                assertThat((double) ranges.gradient().get(1, 0))
                        .as("offset, %s, seed %d", bits, f.seed)
                        .isCloseTo(byOffset, within(1e-3));
            }
        }
    }

    /** Sum of gradY x', where the rounding of t at (s0, o0) is kept as a constant. */
    private static double surrogate(
            FloatMatrix x, FloatMatrix gradY, BitWidth bits, double s0, double o0, double s, double o) {
        double sum = 0;
        for (int r = 0; r < x.rows(); r++) {
            double t0 = (x.get(r, 0) - o0) / s0;
            boolean inside = t0 >= 0 && t0 <= bits.maxCode();
            double u =
                    inside ? (x.get(r, 0) - o) / s + (Math.rint(t0) - t0) : Math.min(Math.max(t0, 0), bits.maxCode());
            sum += gradY.get(r, 0) * (s * u + o);
        }
        return sum;
    }

    @Test
    default void scales_stay_positive_and_a_step_has_no_units() {
        try (PackedFixture f = new PackedFixture()) {
            StepState state = StepState.allocate(f.memory);
            state.set(0, 1, 0.1f);
            float[] moved = new float[2];
            for (int unit = 0; unit < 2; unit++) {
                float factor = unit == 0 ? 1 : 1024;
                QuantScheme scheme = f.uniform(64, 3, BitWidth.Q2, Granularity.TENSOR);
                scheme.blocks().get(0).params().setRange(0, 0, 3 * factor, 3);
                LearnedRanges ranges = LearnedRanges.allocate(f.memory, scheme);
                ranges.gradient().set(0, 0, 5 / factor);
                ranges.gradient().set(1, 0, -5 / factor);
                ops().step(ranges, 1, state);
                moved[unit] = scheme.blocks().get(0).params().scale().get(0, 0) / factor;
                assertThat(scheme.blocks().get(0).params().offset().get(0, 0) / factor)
                        .isCloseTo(0.1f, within(1e-5f));
                state.set(0, 2, 1000);
                ops().step(ranges, 1, state);
                assertThat(scheme.blocks().get(0).params().scale().get(0, 0)).isEqualTo(Float.MIN_NORMAL);
                state.set(0, 1, 0.1f);
            }
            assertThat(moved[0]).isCloseTo((float) Math.exp(-0.1), within(1e-5f));
            assertThat(moved[1]).isEqualTo(moved[0]);
        }
    }

    @Test
    default void blocks_without_codes_or_rows_learn_nothing() {
        try (PackedFixture f = new PackedFixture()) {
            StepState state = StepState.allocate(f.memory);
            state.set(0, 1, 0.1f);
            QuantScheme scheme = f.scheme(9, 4, BitWidth.FP32, Granularity.COLUMN, Rounding.NEAREST);
            scheme.blocks().forEach(b -> b.params().scale().setRow(0, new float[] {1, 1, 1, 1}));
            LearnedRanges ranges = LearnedRanges.allocate(f.memory, scheme);
            ops().backward(f.filled(9, 4, 0.3f), ranges, f.filled(9, 4, 1), f.output(9, 4));
            ops().step(ranges, 1, state);
            assertThat(ranges.gradient().row(0)).containsOnly(0f);
            assertThat(ranges.gradient().row(2)).containsOnly(0f);
            assertThat(scheme.blocks().get(0).params().scale().row(0)).containsOnly(1f);
            assertThat(scheme.blocks().get(1).params().scale().row(0)).containsOnly(1f);
            assertThat(scheme.blocks().get(2).params().scale().row(0)).doesNotContain(1f);
        }
    }

    @Test
    default void what_cannot_be_learned_is_refused() {
        try (PackedFixture f = new PackedFixture()) {
            assertThatThrownBy(() -> LearnedRanges.allocate(f.memory, f.uniform(3, 2, BitWidth.Q2, Granularity.ROW)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("L1.message: scales of single rows cannot be learned, choose granularity tensor,"
                            + " bucket or column");
            assertThatThrownBy(
                            () -> LearnedRanges.allocate(f.memory, f.uniform(3, 2, BitWidth.E4M3, Granularity.TENSOR)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("L1.message: the scales of e4m3 come from the values of each row and cannot be learned,"
                            + " choose an integer width");
            LearnedRanges ranges = LearnedRanges.allocate(f.memory, f.uniform(3, 2, BitWidth.Q2, Granularity.TENSOR));
            assertThatThrownBy(() -> ops().backward(f.matrix(3, 1), ranges, f.matrix(3, 2), f.matrix(3, 2)))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("learned backward L1.message: got 3x1, expected 3x2");
            assertThatThrownBy(() -> ops().step(ranges, 1, StepState.allocate(f.memory)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("step 0 of the state, expected at least 1");
        }
    }
}
