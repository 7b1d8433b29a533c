package org.sgquant.reproduce;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sgquant.quant.CellCount;
import org.sgquant.report.RunReport.Accuracy;
import org.sgquant.reproduce.TableReport.Beside;
import org.sgquant.reproduce.TableReport.Check;
import org.sgquant.reproduce.TableReport.Line;
import org.sgquant.reproduce.TableReport.Sizes;

final class TableMarkdownTest {

    private static final List<CellCount> CELLS = List.of(
            new CellCount("L1.embedding", 1000, 1000, 200),
            new CellCount("L1.message", 100, 400, 60),
            new CellCount("L1.weight", 50, 200, 40),
            new CellCount("L2.embedding", 100, 200, 40),
            new CellCount("L2.attention", 20, 640, 80));

    private static Line line(
            String name, String bits, int finished, Accuracy packed, Sizes sizes, List<Check> target, Boolean reached) {
        Table.Published a2q = new Table.Published(
                "A2Q", 80.9, 0.6, 1.7, "best test epoch", "inputs of layer 2", Accounting.A2Q, "paper, recalled");
        Table.Published other = new Table.Published("other | one", null, null, 2.0, "unknown", "x", null, "log");
        return new Line(
                name,
                "cora",
                "published split",
                "gcn",
                bits,
                finished,
                finished == 1 ? List.of("training diverged") : List.of(),
                finished == 0 ? null : Accuracy.of(List.of(81.0, 82.0).subList(0, finished)),
                packed,
                packed == null ? null : 0.35,
                sizes,
                packed == null ? null : "int",
                packed == null ? null : 1.234,
                target,
                reached,
                bits == null ? List.of() : List.of(new Beside(a2q, 2.0), new Beside(other, null)));
    }

    private static TableReport report() {
        Sizes sizes = new Sizes(1.03, 1.1, 4.0, 4.12, 607800, 682600, 1165800, 31.0, 25.8);
        List<Check> target = List.of(Check.of("test %", true, 81.0, 81.15), Check.of("bits inner", false, 4.0, 4.0));
        List<Check> missed = List.of(Check.of("test %", true, 81.2, 81.15));
        List<Check> nothing = List.of(Check.of("drop", false, 0.2, null));
        Accuracy packed = Accuracy.of(List.of(81.1, 81.2));
        return new TableReport(
                "small",
                "A small table",
                "What it shows.",
                "How it is made.",
                "2026-01-02T03:04:05Z",
                "1.0",
                "2 cores",
                List.of("cpu"),
                "sgquant reproduce small --seeds 2",
                2,
                5,
                List.of(
                        line("exact", null, 2, null, null, null, null),
                        line("met", "L1.message=4", 2, packed, sizes, target, true),
                        line("missed, \"by\" a bit", "L1.message=4", 2, packed, sizes, missed, false),
                        line("half", "L1.message=4", 1, Accuracy.of(List.of(81.1)), sizes, target, null),
                        line("open", "L1.message=4", 0, null, null, nothing, null)),
                Check.of("mean drop", false, 0.2, 0.35),
                Map.of("a2q", Accounting.A2Q.words()),
                List.of("A note."));
    }

    private static String golden(String name) throws IOException {
        try (InputStream in = TableMarkdownTest.class.getResourceAsStream("/reproduce/" + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void aSmallTableIsTheGoldenMarkdownAndCsv() throws IOException {
        assertThat(TableMarkdown.of(report())).isEqualTo(golden("small.md"));
        assertThat(TableCsv.of(report())).isEqualTo(golden("small.csv"));
    }

    /** Worked out by hand from the counts above. */
    @Test
    void everyAccountingCountsItsOwnCells() {
        assertThat(Accounting.ALL.bits(CELLS)).isEqualTo(2440.0 / 1270);
        assertThat(Accounting.INNER.bits(CELLS)).isEqualTo(1440.0 / 270);
        assertThat(Accounting.INNER_STORED.bits(CELLS)).isEqualTo(8 * 220.0 / 270);
        assertThat(Accounting.SGQUANT.bits(CELLS)).isEqualTo(1840.0 / 1120);
        assertThat(Accounting.A2Q.bits(CELLS)).isEqualTo(2);
        assertThat(Accounting.PRODUCTS.bits(CELLS)).isEqualTo(1400.0 / 1150);
        assertThat(Accounting.WIDTHS.bits(CELLS)).isEqualTo((1 + 4 + 4 + 2 + 32) / 5.0);
        assertThat(Accounting.A2Q.bits(CELLS.subList(0, 2))).isNull();
    }
}
