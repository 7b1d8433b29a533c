package org.sgquant.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

final class FreezingOrderTest {

    /** Levels 1, 1/2, 1/4, 1/8: distances 0.1, 0.025, 0 and 0.05. */
    private static final float[][] WEIGHT = {{0.9f, 0.1f}, {-0.5f, 0.3f}};

    private static final long[] USAGE = {1, 10};

    private static int[] of(FreezingOrder order, long seed) {
        return order.of(WEIGHT, USAGE, 1, 4, seed);
    }

    @Test
    void eachOrderByItsRule() {
        assertThat(of(FreezingOrder.PRUNING, 0)).containsExactly(0, 2, 3, 1);
        assertThat(of(FreezingOrder.WEIGHTED_PRUNING, 0)).containsExactly(2, 3, 0, 1);
        assertThat(of(FreezingOrder.NEAREST, 0)).containsExactly(2, 1, 3, 0);
        assertThat(of(FreezingOrder.WEIGHTED_NEAREST, 0)).containsExactly(2, 1, 0, 3);
    }

    @Test
    void aDrawnOrderIsThatOfItsSeed() {
        assertThat(of(FreezingOrder.RANDOM, 5))
                .containsExactlyInAnyOrder(0, 1, 2, 3)
                .isEqualTo(of(FreezingOrder.RANDOM, 5));
        float[][] large = new float[40][5];
        assertThat(FreezingOrder.RANDOM.of(large, new long[40], 1, 4, 1))
                .isNotEqualTo(FreezingOrder.RANDOM.of(large, new long[40], 1, 4, 2));
        assertThat(FreezingOrder.PRUNING.of(new float[0][], new long[0], 1, 4, 0))
                .isEmpty();
    }

    @Test
    void namesAreThoseOfTheCommandLine() {
        for (FreezingOrder order : FreezingOrder.values()) {
            assertThat(FreezingOrder.parse(order.toString())).isEqualTo(order);
        }
        assertThatThrownBy(() -> FreezingOrder.parse("far")).hasMessageContaining("weighted-nearest");
        assertThatThrownBy(() -> new WeightConfig.Powers(FreezingOrder.RANDOM, List.of(0.5, 0.4, 1.0)))
                .hasMessageContaining("ascend");
        assertThatThrownBy(() -> new WeightConfig.Powers(FreezingOrder.RANDOM, List.of(0.5)))
                .hasMessageContaining("end at 1");
    }
}
