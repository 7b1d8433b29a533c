package org.sgquant.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.sgquant.data.DegreeHistogram;
import org.sgquant.tensor.BitWidth;

/** Report data of known size, for pages to be looked at. */
final class SampleReport {

    static final int TRIALS = 12;
    static final int BUCKETS = 3;

    private SampleReport() {}

    /** Two studies of {@link #TRIALS} trials each, three buckets, every part filled; {@code title} as given. */
    static ReportData full(String title) {
        return new ReportData(
                title,
                List.of(
                        new ReportData.Quantity(
                                "Test accuracy",
                                ReportData.Unit.PERCENT,
                                new ReportData.Value(81.59, 0.63),
                                new ReportData.Value(82.34, 0.72),
                                "mean and deviation of 10 seeds"),
                        new ReportData.Quantity(
                                "Stored",
                                ReportData.Unit.BYTES,
                                ReportData.Value.of(15_700_000),
                                ReportData.Value.of(513_000),
                                null),
                        new ReportData.Quantity(
                                "One inference", ReportData.Unit.SECONDS, null, ReportData.Value.of(0.0019), null)),
                "L1.embedding=1 L1.message=[4,2,2] L1.weight=8 @deg(2,5)",
                new ReportData.Search(
                        "stored size of all cells",
                        ReportData.Unit.BYTES,
                        false,
                        0.5,
                        "seconds since it began",
                        trials(true)),
                List.of(
                        new ReportData.CellBits(1, "embedding", -1, "1"),
                        new ReportData.CellBits(1, "message", 0, "4"),
                        new ReportData.CellBits(1, "message", 1, "2"),
                        new ReportData.CellBits(1, "message", 2, "2"),
                        new ReportData.CellBits(1, "weight", -1, "8")),
                List.of(
                        new ReportData.Sensitivity("L1.message", BitWidth.Q2, 1.5, 0.25),
                        new ReportData.Sensitivity("L1.weight", BitWidth.E2M1, 0.5, null)),
                new ReportData.Degrees(DegreeHistogram.of(new int[] {0, 1, 1, 1, 2, 2, 3, 5, 9, 40}), List.of(2, 5)),
                List.of(
                        new ReportData.Range("L1.embedding", -1, 1, 1, 0, 1, 1, 1),
                        new ReportData.Range("L1.message", 0, 4, 16, -0.5, 1.25, 0.1, 0.12)),
                Map.of("Java", "25.0.3"),
                List.of("sgquant search -d cora"));
    }

    /** No bound on the drop, no trial of the chosen bits, no degree buckets, no sweep. */
    static ReportData bare() {
        ReportData full = full("bare");
        return new ReportData(
                full.title(),
                full.headline(),
                "L1.embedding=1 L1.message=7",
                new ReportData.Search(
                        "stored size of all cells",
                        ReportData.Unit.BYTES,
                        false,
                        Double.POSITIVE_INFINITY,
                        "seconds",
                        trials(false)),
                List.of(
                        new ReportData.CellBits(1, "embedding", -1, "1"),
                        new ReportData.CellBits(1, "message", -1, "7")),
                List.of(),
                new ReportData.Degrees(full.degrees().histogram(), List.of()),
                List.of(),
                full.environment(),
                full.commands());
    }

    /** Nothing was measured. */
    static ReportData empty() {
        return new ReportData(
                "nothing", List.of(), null, null, List.of(), List.of(), null, List.of(), Map.of(), List.of());
    }

    private static List<ReportData.Trial> trials(boolean chooses) {
        List<ReportData.Trial> trials = new ArrayList<>();
        for (String study : List.of("abs", "random")) {
            for (int i = 0; i < TRIALS; i++) {
                double drop = i == 3 ? 42 : i % 3 == 0 ? 1.0 : 0.1 * (i % 5);
                boolean chosen = chooses && study.equals("abs") && i == 10;
                long bytes = 500_000 - 20_000L * i + study.length();
                trials.add(new ReportData.Trial(
                        study,
                        i,
                        "L1.message=" + (1 + i % 8),
                        80 - drop,
                        drop,
                        bytes,
                        bytes + 1000,
                        i % 2 == 0 ? 0.001 : null,
                        1.5 * (i + 1),
                        drop <= 0.5,
                        chosen));
            }
        }
        return trials;
    }
}
