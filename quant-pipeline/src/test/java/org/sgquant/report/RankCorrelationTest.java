package org.sgquant.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class RankCorrelationTest {

    @Test
    void followsTheOrderAlone() {
        assertThat(RankCorrelation.of(List.of(1.0, 2.0, 3.0), List.of(1.0, 10.0, 1e9)))
                .isEqualTo(1);
        assertThat(RankCorrelation.of(List.of(1.0, 2.0, 3.0), List.of(5.0, 4.0, -3.0)))
                .isEqualTo(-1);
    }

    /** Values of scipy.stats.spearmanr. */
    @Test
    void tiesShareTheirRank() {
        assertThat(RankCorrelation.of(List.of(1.0, 2.0, 2.0, 3.0), List.of(1.0, 3.0, 2.0, 4.0)))
                .isEqualTo(0.9486832980505138, within(1e-12));
        assertThat(RankCorrelation.of(List.of(1.0, 2.0, 3.0, 4.0, 5.0), List.of(5.0, 6.0, 7.0, 8.0, 7.0)))
                .isEqualTo(0.8207826816681233, within(1e-12));
    }

    @Test
    void withoutAnOrderThereIsNone() {
        assertThat(RankCorrelation.of(List.of(1.0, 1.0), List.of(1.0, 2.0))).isNaN();
        assertThat(RankCorrelation.of(List.of(), List.of())).isNaN();
    }
}
