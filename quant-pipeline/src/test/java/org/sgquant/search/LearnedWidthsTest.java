package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LearnedWidthsTest {

    private static final long[] VALUES = {1000, 1000, 4000, 500, 0};

    /** Errors that these spreads give at whole widths. */
    private static double[] errors(double[] spread, int[] widths) {
        return IntStream.range(0, spread.length)
                .mapToDouble(i -> spread[i] / ((1 << widths[i]) - 1))
                .toArray();
    }

    private static double bits(double[] widths) {
        double sum = 0;
        double count = 0;
        for (int i = 0; i < VALUES.length; i++) {
            sum += VALUES[i] * widths[i];
            count += VALUES[i];
        }
        return sum / count;
    }

    /** Where the sum of A / (2^b - 1) is least for a given memory, one bit more saves as much per value everywhere. */
    @ParameterizedTest
    @ValueSource(doubles = {2.5, 3, 4.2})
    void theWidthsSaveAsMuchErrorPerValueEverywhereAtTheTarget(double target) {
        double[] spread = {1, 16, 2, 4, 0};
        LearnedWidths widths = new LearnedWidths(VALUES, new int[] {4, 4, 4, 4, 4}, target, 1000);
        for (int round = 0; round < 3; round++) {
            int[] measured = widths.nearest();
            widths.update(errors(spread, measured), measured);
        }
        double[] b = widths.widths();
        assertThat(bits(b)).isCloseTo(target, within(0.03));
        double first = marginal(spread, b, 0);
        for (int i = 1; i < 4; i++) {
            assertThat(marginal(spread, b, i) / first)
                    .as("slot %d of %s", i, Arrays.toString(b))
                    .isCloseTo(1, within(0.1));
        }
        assertThat(b[1]).isGreaterThan(b[0] + 1);
    }

    /** Central difference of A / (2^b - 1) per value. */
    private static double marginal(double[] spread, double[] b, int i) {
        double h = 1e-5;
        double up = spread[i] / (Math.pow(2, b[i] + h) - 1);
        double down = spread[i] / (Math.pow(2, b[i] - h) - 1);
        return (down - up) / (2 * h) / VALUES[i];
    }

    @ParameterizedTest
    @ValueSource(doubles = {2, 2.7, 5, 8})
    void wholeWidthsKeepWithinTheTargetAndNearWhatWasLearned(double target) {
        double[] spread = {1, 30, 2, 3, 0};
        LearnedWidths widths = new LearnedWidths(VALUES, new int[] {8, 1, 4, 4, 4}, target, 100);
        int[] measured = widths.nearest();
        widths.update(errors(spread, measured), measured);
        int[] whole = widths.withinTarget();
        assertThat(bits(IntStream.of(whole).asDoubleStream().toArray())).isLessThanOrEqualTo(target + 1e-12);
        for (int i = 0; i < 4; i++) {
            assertThat(whole[i]).isBetween(1, 8);
            assertThat(Math.abs(whole[i] - widths.widths()[i])).isLessThanOrEqualTo(1.01);
        }
    }

    @Test
    void atOneBitPerValueEveryWidthIsOne() {
        LearnedWidths widths = new LearnedWidths(VALUES, new int[] {4, 4, 4, 4, 1}, 1, 100);
        widths.update(new double[] {1, 9, 2, 7, 0}, widths.nearest());
        assertThat(widths.withinTarget()).containsOnly(1);
    }

    @Test
    void withoutAnyErrorWidthsAreThoseOfTheStartOrFallToTheTarget() {
        LearnedWidths widths = new LearnedWidths(new long[] {10, 10}, new int[] {3, 3}, 4, 100);
        widths.update(new double[2], new int[] {3, 3});
        assertThat(widths.widths()).containsExactly(3, 3);
        LearnedWidths wide = new LearnedWidths(new long[] {10, 10}, new int[] {6, 6}, 4, 100);
        wide.update(new double[2], new int[] {6, 6});
        assertThat(wide.widths()).containsExactly(new double[] {4, 4}, within(0.05));
    }

    @Test
    void whatCannotBeReachedIsRefused() {
        assertThatThrownBy(() -> new LearnedWidths(VALUES, new int[5], 0.5, 1))
                .hasMessage("bits to learn must lie between 1 and 8 per value on average, got 0.5");
        assertThatThrownBy(() -> new LearnedWidths(VALUES, new int[5], 2, 0))
                .hasMessage("the memory penalty must be positive and finite, got 0.0");
    }
}
