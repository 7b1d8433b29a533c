package org.sgquant.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProtectionTest {

    /** Degrees 1,1,1,2,2,5,0,9,1,2: F(0) = 0.1, F(1) = 0.5, F(2) = 0.8, F(5) = 0.9, F(9) = 1, counted by hand. */
    @Test
    void theProbabilityFollowsTheDistributionOfDegrees() {
        float[] p = new Protection(0.1f, 0.3f).probabilities(new int[] {1, 1, 1, 2, 2, 5, 0, 9, 1, 2});
        assertThat(p)
                .containsExactly(
                        new float[] {0.2f, 0.2f, 0.2f, 0.26f, 0.26f, 0.28f, 0.12f, 0.3f, 0.2f, 0.26f}, within(1e-6f));
        assertThat(new Protection(0, 0.5f).probabilities(new int[0])).isEmpty();
    }

    @Test
    void textGoesThereAndBack() {
        assertThat(Protection.parse("0.0:0.1")).isEqualTo(new Protection(0, 0.1f));
        assertThat(Protection.parse(Protection.NONE.toString())).isEqualTo(Protection.NONE);
        assertThat(Protection.NONE.isOff()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.1", "0.2:0.1", "-0.1:0.1", "0:1", "a:b", "0:0.1:0.2", "", "NaN:0.5"})
    void nonsenseIsRefused(String text) {
        assertThatThrownBy(() -> Protection.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("protection");
    }
}
