package org.sgquant.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SearchFiguresTest {

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2})
    void theFrontIsWhatNoOtherTrialBeats(long seed) {
        Random random = new Random(seed);
        List<ReportData.Trial> trials = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            double drop = random.nextInt(20) / 10.0;
            trials.add(new ReportData.Trial(
                    "s", i, "b" + i, 80 - drop, drop, 100 + random.nextInt(30), 0, null, i, true, false));
        }
        List<ReportData.Trial> front = SearchFigures.front(trials);
        for (ReportData.Trial t : trials) {
            boolean beaten = trials.stream()
                    .anyMatch(o -> o.bytes() <= t.bytes()
                            && o.drop() <= t.drop()
                            && (o.bytes() < t.bytes() || o.drop() < t.drop()));
            boolean twin = front.stream().anyMatch(f -> f.bytes() == t.bytes() && f.drop() == t.drop());
            assertThat(twin).as("seed %d, %s", seed, t).isEqualTo(!beaten);
        }
    }
}
