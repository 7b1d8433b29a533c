package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class BoundsTest {

    private static final double NONE = Double.POSITIVE_INFINITY;

    @Test
    void whatIsWrittenIsReadBack() {
        for (Bounds bounds : List.of(
                Bounds.drop(NONE),
                Bounds.drop(-0.25),
                Bounds.drop(1e-5),
                new Bounds(NONE, Long.MAX_VALUE, 61440, NONE),
                new Bounds(0.5, 40000, Long.MAX_VALUE, NONE),
                new Bounds(0.5, 40000, 1, 2.5e-7),
                new Bounds(NONE, Long.MAX_VALUE, Long.MAX_VALUE, 0.07 / 1e3),
                new Bounds(NONE, Long.MAX_VALUE, Long.MAX_VALUE, 12))) {
            assertThat(Bounds.parse(bounds.toString())).as(bounds.toString()).isEqualTo(bounds);
        }
    }

    @Test
    void latenciesAreInMillisecondsAndOldOnesInSeconds() {
        Bounds bounds = new Bounds(0.3, Long.MAX_VALUE, Long.MAX_VALUE, 0.07 / 1e3);
        assertThat(bounds).hasToString("drop 0.3, latency 0.07 ms");
        assertThat(Bounds.parse("drop 0.3, latency 1.0E-5 s")).hasToString("drop 0.3, latency 0.01 ms");
    }

    @Test
    void whatIsNoBoundIsRefusedByItsText() {
        assertThatThrownBy(() -> Bounds.parse("drop 0.5, depth 3"))
                .isInstanceOf(StudyException.class)
                .hasMessage("'depth 3' is no bound of a search");
    }
}
