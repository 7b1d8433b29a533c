package org.sgquant.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SearchFiguresTest {

    private static List<Figure> figures(ReportData.Unit unit, boolean leastDrop, double... costs) {
        List<ReportData.Trial> trials = new ArrayList<>();
        for (int i = 0; i < costs.length; i++) {
            double drop = 0.5 - 0.25 * i;
            trials.add(
                    new ReportData.Trial("abs", i, "b" + i, 80 - drop, drop, costs[i], 4096, null, 1 + i, true, false));
        }
        ReportData.Search search = new ReportData.Search("what it takes", unit, leastDrop, 1, "seconds", trials);
        return SearchFigures.of(new ReportData(
                "t", List.of(), null, search, List.of(), List.of(), null, List.of(), Map.of(), List.of()));
    }

    private static String charts(Figure figure) {
        return figure.charts().stream().map(chart -> chart.spec().toString()).collect(Collectors.joining());
    }

    @Test
    void theObjectiveIsWhatIsShown() {
        List<Figure> latency = figures(ReportData.Unit.SECONDS, false, 0.002, 0.0015, 0.003);
        assertThat(latency.getFirst().html())
                .contains("1.50 ms", "left is faster")
                .doesNotContain("smaller");
        assertThat(charts(latency.getFirst())).contains("what it takes, ms (log scale)", "\"size\":1.5");
        assertThat(latency.getLast().html()).contains("1.50 ms after 3 trials (abs)", "The least time");
        assertThat(charts(latency.getLast())).contains("best time so far, ms", "\"type\":\"log\"");

        List<Figure> drop = figures(ReportData.Unit.BYTES, true, 2048, 1024, 4096);
        assertThat(drop.getFirst().html()).contains("1024 B", "left is smaller");
        assertThat(drop.getLast().html())
                .contains("0.00 points after 3 trials (abs)")
                .doesNotContain("1024 B");
        assertThat(charts(drop.getLast())).contains("best drop so far, points", "\"type\":\"symlog\"");

        List<Figure> bytes = figures(ReportData.Unit.BYTES, false, 2048, 1024, 4096);
        assertThat(bytes.getLast().html()).contains("1024 B after 3 trials (abs)");
    }

    @Test
    void ticksAreRound() {
        assertThat(Ticks.log(9, 130)).containsExactly(10.0, 20.0, 50.0, 100.0);
        assertThat(Ticks.log(1, 2000)).containsExactly(1.0, 10.0, 100.0, 1000.0);
        assertThat(Ticks.log(25, 120)).containsExactly(30.0, 50.0, 70.0, 100.0);
        assertThat(Ticks.log(88, 133)).containsExactly(90.0, 100.0, 110.0, 120.0, 130.0);
        assertThat(Ticks.log(0.1, 0.9)).containsExactly(0.1, 0.2, 0.5);
        assertThat(Ticks.linear(-0.3, 0.7)).hasSize(5).contains(0.2, 0.6000000000000001);
        assertThat(Ticks.log(594.703125, 594.703125)).containsExactly(594.7);
    }

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
                    .anyMatch(o -> o.cost() <= t.cost()
                            && o.drop() <= t.drop()
                            && (o.cost() < t.cost() || o.drop() < t.drop()));
            boolean twin = front.stream().anyMatch(f -> f.cost() == t.cost() && f.drop() == t.drop());
            assertThat(twin).as("seed %d, %s", seed, t).isEqualTo(!beaten);
        }
    }
}
