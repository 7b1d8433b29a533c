package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.kernels.reference.ReferencePackedOps;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;
import org.sgquant.tensor.ShapeException;

/** What fakeQuantizeStochastic of every backend must do. */
public interface StochasticRoundingContract {

    PackedOps ops();

    private static StepState state(PackedFixture f, long seed, int step) {
        StepState state = StepState.allocate(f.memory);
        state.set(seed, step, 0);
        return state;
    }

    @ParameterizedTest
    @EnumSource(BitWidth.class)
    default void bits_are_those_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            StepState state = state(f, f.random.nextLong(), f.random.nextInt(1000));
            for (int cols : PackedFixture.COLUMNS) {
                FloatMatrix x = f.matrix(10, cols);
                for (Granularity granularity : PackedFixture.granularities(bits)) {
                    for (Rounding rounding : Rounding.values()) {
                        QuantScheme scheme = f.scheme(10, cols, bits, granularity, rounding);
                        new ReferencePackedOps().calibrate(x, scheme, Calibration.percentile(0.9));
                        FloatMatrix expected = f.output(10, cols);
                        new ReferencePackedOps().fakeQuantizeStochastic(x, scheme, 7, state, expected);
                        FloatMatrix actual = f.output(10, cols);
                        ops().fakeQuantizeStochastic(x, scheme, 7, state, actual);
                        f.assertSameBits(actual, expected, granularity + " " + rounding + " F=" + cols);
                    }
                }
            }
        }
    }

    @Test
    default void draws_are_those_of_the_counter() {
        try (PackedFixture f = new PackedFixture()) {
            StepState state = state(f, f.random.nextLong(), 5);
            QuantScheme scheme = f.uniform(37, 31, BitWidth.Q2, Granularity.TENSOR);
            scheme.blocks().get(0).params().setRange(0, 0, 3, 3);
            FloatMatrix x = f.filled(37, 31, 1.25f);
            ops().fakeQuantizeStochastic(x, scheme, 2, state, x);
            long key = CounterRandom.key(state.seed(), 5, 2);
            for (int r = 0; r < 37; r++) {
                for (int c = 0; c < 31; c++) {
                    assertThat(x.get(r, c))
                            .as("row %d, column %d, seed %d", r, c, f.seed)
                            .isEqualTo(CounterRandom.uniform(key, r * 31 + c) < 0.25f ? 2 : 1);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q.+", mode = EnumSource.Mode.MATCH_ALL)
    default void a_value_that_has_a_code_keeps_it(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            int codes = bits.maxCode() + 1;
            int rows = Math.ceilDiv(codes, 64);
            QuantScheme scheme = f.uniform(rows, 64, bits, Granularity.TENSOR);
            scheme.blocks().get(0).params().setRange(0, -2, -2 + bits.maxCode() * 0.25, bits.maxCode());
            FloatMatrix x = f.output(rows, 64);
            for (int i = 0; i < rows * 64; i++) {
                x.set(i / 64, i % 64, -2 + 0.25f * (i % codes));
            }
            FloatMatrix y = f.output(rows, 64);
            ops().fakeQuantizeStochastic(x, scheme, 0, state(f, 3, 1), y);
            f.assertSameBits(y, x, bits);
        }
    }

    @Test
    default void the_mean_of_many_draws_is_the_value() {
        try (PackedFixture f = new PackedFixture()) {
            int draws = 200_000;
            QuantScheme scheme = f.uniform(draws / 100, 100, BitWidth.Q4, Granularity.TENSOR);
            scheme.blocks().get(0).params().setRange(0, -1, 2, 15);
            FloatMatrix out = f.output(draws / 100, 100);
            int stream = 0;
            for (float value : new float[] {-0.93f, 0.001f, 0.5f, 1.99f, 5, -7}) {
                float clipped = Math.clamp(value, -1, 2);
                ops().fakeQuantizeStochastic(
                                f.filled(draws / 100, 100, value), scheme, stream++, state(f, f.seed, 1), out);
                double sum = 0;
                for (float[] row : out.toArray()) {
                    for (float v : row) {
                        sum += v;
                        assertThat(v).isBetween(clipped - 0.2001f, clipped + 0.2001f);
                    }
                }
                // Six standard deviations of the mean of draws that are one step of 0.2 apart.
                assertThat(sum / draws)
                        .as("mean of %s, seed %d", value, f.seed)
                        .isCloseTo(clipped, within(6 * 0.1 / Math.sqrt(draws)));
            }
        }
    }

    @Test
    default void draws_repeat_within_a_step_and_change_with_step_and_stream() {
        try (PackedFixture f = new PackedFixture()) {
            QuantScheme scheme = f.uniform(1, 602, BitWidth.Q2, Granularity.TENSOR);
            FloatMatrix x = f.matrix(1, 602);
            ops().calibrate(x, scheme, Calibration.MIN_MAX);
            float[] first = drawn(f, x, scheme, 4, state(f, 1, 9));
            assertThat(drawn(f, x, scheme, 4, state(f, 1, 9))).isEqualTo(first);
            assertThat(drawn(f, x, scheme, 5, state(f, 1, 9)))
                    .as("other stream")
                    .isNotEqualTo(first);
            assertThat(drawn(f, x, scheme, 4, state(f, 1, 10))).as("other step").isNotEqualTo(first);
            assertThat(drawn(f, x, scheme, 4, state(f, 2, 9))).as("other seed").isNotEqualTo(first);
        }
    }

    private float[] drawn(PackedFixture f, FloatMatrix x, QuantScheme scheme, int stream, StepState state) {
        FloatMatrix out = f.output(1, x.cols());
        ops().fakeQuantizeStochastic(x, scheme, stream, state, out);
        return Arrays.copyOf(out.row(0), x.cols());
    }

    @Test
    default void nan_stays_and_infinities_saturate() {
        try (PackedFixture f = new PackedFixture()) {
            QuantScheme scheme = f.uniform(1, 3, BitWidth.Q2, Granularity.TENSOR);
            scheme.blocks().get(0).params().setRange(0, -1, 2, 3);
            FloatMatrix x = FloatMatrix.ofVector(f.memory, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
            ops().fakeQuantizeStochastic(x, scheme, 0, state(f, 0, 0), x);
            assertThat(x.row(0)).containsExactly(Float.NaN, 2, -1);
        }
    }

    @Test
    default void a_shape_that_is_not_the_schemes_is_refused() {
        try (PackedFixture f = new PackedFixture()) {
            QuantScheme scheme = f.uniform(4, 5, BitWidth.Q4, Granularity.TENSOR);
            FloatMatrix right = f.matrix(4, 5);
            FloatMatrix wrong = f.matrix(4, 6);
            StepState state = state(f, 0, 0);
            assertThatThrownBy(() -> ops().fakeQuantizeStochastic(wrong, scheme, 0, state, right))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("fakeQuantizeStochastic L1.message: got 4x6, expected 4x5");
            assertThatThrownBy(() -> ops().fakeQuantizeStochastic(right, scheme, 0, state, wrong))
                    .hasMessage("fakeQuantizeStochastic out L1.message: got 4x6, expected 4x5");
        }
    }
}
