package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.sgquant.search.SearchSpace.Dimension;
import org.sgquant.tensor.BitWidth;

/** Spaces and the cost model where cells choose among integers and floats. */
final class WidthsTest {

    private static final int E2M1 = BitWidth.E2M1.id();
    private static final int E4M3 = BitWidth.E4M3.id();
    private static final int E5M2 = BitWidth.E5M2.id();

    private static final SearchSpace SPACE = new SearchSpace(List.of(
            new Dimension("h", List.of(E5M2, 2, 8, E4M3, 4, E2M1)),
            new Dimension("a", List.of(4, 8)),
            new Dimension("m", List.of(E4M3, E2M1))));

    @Test
    void idsAreDistinctAndLeadBack() {
        assertThat(Arrays.stream(BitWidth.values()).map(BitWidth::id)).doesNotHaveDuplicates();
        for (BitWidth width : BitWidth.values()) {
            assertThat(BitWidth.ofId(width.id())).isEqualTo(width);
            assertThat(width.isFloat() ? width.id() > 32 : width.id() == width.bits())
                    .as(width.toString())
                    .isTrue();
        }
        assertThatThrownBy(() -> BitWidth.ofId(9)).hasMessage("no bit width has the id 9");
    }

    @Test
    void choicesAreOrderedByBitsAndPrintedByName() {
        assertThat(SPACE.describe()).isEqualTo("h=[2, 4, e2m1, 8, e4m3, e5m2] a=[4, 8] m=[e2m1, e4m3]");
        assertThat(SearchSpace.parse(SPACE.describe())).isEqualTo(SPACE);
        assertThat(SPACE.widest()).containsExactly(8, 8, E4M3);
        assertThat(SPACE.uniform())
                .containsExactly(
                        List.of(2, 4, E2M1),
                        List.of(4, 4, E2M1),
                        List.of(E2M1, 8, E2M1),
                        List.of(8, 8, E4M3),
                        List.of(E4M3, 8, E4M3),
                        List.of(E5M2, 8, E4M3));
        assertThat(SPACE.byCell(List.of(E5M2, 4, E2M1)))
                .containsExactly(
                        Map.entry("h", BitWidth.E5M2), Map.entry("a", BitWidth.Q4), Map.entry("m", BitWidth.E2M1));
    }

    @Test
    void aWidthIsWidenedToOneOfItsKind() {
        assertThat(SPACE.widen(List.of(2, 4, E2M1), 0)).containsExactly(4, 4, E2M1);
        assertThat(SPACE.widen(List.of(4, 4, E2M1), 0)).containsExactly(8, 4, E2M1);
        assertThat(SPACE.widen(List.of(8, 4, E2M1), 0)).containsExactly(8, 4, E2M1);
        assertThat(SPACE.widen(List.of(E2M1, 4, E2M1), 0)).containsExactly(E4M3, 4, E2M1);
        assertThat(SPACE.widen(List.of(E4M3, 4, E2M1), 0)).containsExactly(E4M3, 4, E2M1);
    }

    /** A float may lose less than the widest integer, and more: neither is taken for granted. */
    @Test
    void thePenaltyLearnsFloatsThatAreBetterOrWorseThanIntegers() {
        ToDoubleFunction<List<Integer>> drop = bits -> List.of(3.0, 1.0, 1.5, 0.5, 0.0, 2.0)
                        .get(SPACE.dimensions().get(0).choices().indexOf(bits.get(0)))
                + (bits.get(1) == 4 ? 0.7 : 0)
                + (bits.get(2) == E2M1 ? 1 : 0);
        List<List<Integer>> configurations = SPACE.list();
        double[] drops = configurations.stream().mapToDouble(drop).toArray();
        for (double[][] losses : List.of(new double[0][], told())) {
            MonotonePenalty penalty = MonotonePenalty.fit(SPACE, configurations, drops, 100, losses);
            for (int n = 0; n < drops.length; n++) {
                assertThat(penalty.predict(configurations.get(n)))
                        .as("%s", configurations.get(n))
                        .isCloseTo(drops[n], within(0.2));
            }
            double[] learned = penalty.losses()[0];
            assertThat(learned[3]).as("the widest integer").isZero();
            assertThat(learned[4]).isCloseTo(-0.5, within(0.2));
            assertThat(learned[5]).isCloseTo(1.5, within(0.2));
        }
    }

    private static double[][] told() {
        return new double[][] {{0.3, 0.1, 0.15, 0.05, 0, 0.2}, {0.07, 0}, {0.1, 0}};
    }

    @Test
    void theTreeTellsFloatsFromIntegersOfTheSameBits() {
        List<List<Integer>> configurations = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(3);
        for (int n = 0; n < 60; n++) {
            configurations.add(SPACE.sample(random));
        }
        double[] values = configurations.stream()
                .mapToDouble(bits -> Widths.isFloat(bits.get(0)) ? 5 : 0)
                .toArray();
        RegressionTree tree = RegressionTree.fit(configurations, values, 1, 4);
        for (int n = 0; n < values.length; n++) {
            assertThat(tree.predict(configurations.get(n))).isEqualTo(values[n]);
        }
    }
}
