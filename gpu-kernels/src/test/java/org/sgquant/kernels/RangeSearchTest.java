package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.sgquant.kernels.RangeSearch.Range;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.Rounding;

class RangeSearchTest {

    private static final int BINS = RangeSearch.BINS;

    private static long[] even(long perBin) {
        long[] counts = new long[BINS];
        Arrays.fill(counts, perBin);
        return counts;
    }

    @Test
    void bins_cover_the_range_from_end_to_end() {
        float perUnit = RangeSearch.binsPerUnit(-1, 3);
        assertThat(perUnit).isEqualTo(BINS / 4f);
        assertThat(RangeSearch.bin(-1, -1, perUnit)).isZero();
        assertThat(RangeSearch.bin(1, -1, perUnit)).isEqualTo(BINS / 2);
        assertThat(RangeSearch.bin(3, -1, perUnit)).isEqualTo(BINS - 1);
    }

    @Test
    void bins_stay_in_range_where_the_width_overflows_or_vanishes() {
        float huge = RangeSearch.binsPerUnit(-Float.MAX_VALUE, Float.MAX_VALUE);
        assertThat(RangeSearch.bin(Float.MAX_VALUE, -Float.MAX_VALUE, huge)).isEqualTo(BINS - 1);
        float tiny = RangeSearch.binsPerUnit(0, Float.MIN_VALUE);
        assertThat(RangeSearch.bin(0, 0, tiny)).isZero();
        assertThat(RangeSearch.bin(Float.MIN_VALUE, 0, tiny)).isEqualTo(BINS - 1);
    }

    @Test
    void a_percentile_cuts_its_share_of_even_counts_from_both_sides() {
        Range range = RangeSearch.percentile(0, BINS, even(10), 0.75);
        assertThat(range).isEqualTo(new Range(BINS / 4.0, BINS * 3 / 4.0));
    }

    @Test
    void a_percentile_never_cuts_more_than_its_share() {
        long[] counts = new long[BINS];
        counts[0] = 1;
        counts[500] = 8;
        counts[BINS - 1] = 1;
        assertThat(RangeSearch.percentile(0, BINS, counts, 0.9)).isEqualTo(new Range(500, 501));
        assertThat(RangeSearch.percentile(0, BINS, counts, 0.91)).isEqualTo(new Range(0, BINS));
    }

    @Test
    void the_whole_percentile_keeps_the_extremes() {
        assertThat(RangeSearch.percentile(-2, 5, even(1), 1)).isEqualTo(new Range(-2, 5));
    }

    @Test
    void values_in_one_bin_keep_a_range_of_that_bin() {
        long[] counts = new long[BINS];
        counts[700] = 100;
        assertThat(RangeSearch.percentile(0, BINS, counts, 0.99)).isEqualTo(new Range(700, 701));
    }

    @Test
    void two_values_at_one_bit_cost_next_to_nothing() {
        long[] counts = new long[BINS];
        counts[100] = 5;
        counts[900] = 7;
        Range range = RangeSearch.leastSquares(0, BINS, counts, BitWidth.Q1, Rounding.NEAREST);
        double width = BINS / 48.0;
        assertThat(range.lo()).isCloseTo(100.5, within(width));
        assertThat(range.hi()).isCloseTo(900.5, within(width));
    }

    @Test
    void a_lone_outlier_is_clipped_at_few_bits_and_kept_at_many() {
        long[] counts = new long[BINS];
        for (int b = 0; b < 100; b++) {
            counts[b] = 1_000;
        }
        counts[BINS - 1] = 1;
        assertThat(RangeSearch.leastSquares(0, BINS, counts, BitWidth.Q2, Rounding.NEAREST)
                        .hi())
                .isLessThan(200);
        assertThat(RangeSearch.leastSquares(0, BINS, counts, BitWidth.Q8, Rounding.NEAREST)
                        .hi())
                .isGreaterThan(500);
    }

    @Test
    void the_chosen_range_is_as_good_as_the_extremes_and_its_neighbours_up_to_the_width_of_a_bin() {
        long seed = Long.getLong("sgquant.seed", System.nanoTime());
        Random random = new Random(seed);
        for (BitWidth bits : new BitWidth[] {BitWidth.Q1, BitWidth.Q2, BitWidth.Q4, BitWidth.Q8}) {
            for (Rounding rounding : Rounding.values()) {
                long[] counts = new long[BINS];
                for (int i = 0; i < 5000; i++) {
                    counts[Math.clamp((int) (BINS / 2 + random.nextGaussian() * 90), 0, BINS - 1)]++;
                }
                Range chosen = RangeSearch.leastSquares(-4, 4, counts, bits, rounding);
                double error = error(chosen, counts, bits, rounding);
                double step = 8.0 / 48;
                for (Range other : new Range[] {
                    new Range(-4, 4),
                    new Range(chosen.lo(), chosen.hi() + step),
                    new Range(chosen.lo() - step, chosen.hi())
                }) {
                    if (other.lo() >= -4 && other.hi() <= 4) {
                        assertThat(error)
                                .as("%s %s seed %d", bits, rounding, seed)
                                .isLessThanOrEqualTo(error(other, counts, bits, rounding) * 1.05);
                    }
                }
            }
        }
    }

    /** Squared error over [-4, 4], written down once more in the plainest way. */
    private static double error(Range range, long[] counts, BitWidth bits, Rounding rounding) {
        double scale = (range.hi() - range.lo()) / rounding.steps(bits);
        double sum = 0;
        for (int b = 0; b < BINS; b++) {
            double x = -4 + (b + 0.5) * 8 / BINS;
            double t = Math.clamp((x - range.lo()) / scale, 0, bits.maxCode());
            double u = rounding == Rounding.PAPER ? Math.floor(t) : Math.rint(t);
            sum += counts[b] * Math.pow(x - range.lo() - scale * u, 2);
        }
        return sum;
    }

    @Test
    void rules_without_a_histogram_are_refused() {
        assertThatThrownBy(() -> RangeSearch.choose(Calibration.MIN_MAX, 0, 1, even(1), BitWidth.Q4, Rounding.NEAREST))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("minmax");
    }
}
