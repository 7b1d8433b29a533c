package org.sgquant.reproduce;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sgquant.report.RunReport.Accuracy;
import org.sgquant.reproduce.TableReport.Check;
import org.sgquant.reproduce.TableReport.Line;
import org.sgquant.reproduce.TableReport.Sizes;

/** A reproduced table as Markdown: its protocol, our results, what was to be reached, and what others published. */
final class TableMarkdown {

    private TableMarkdown() {}

    static String of(TableReport report) {
        StringBuilder out = new StringBuilder();
        out.append("# ").append(report.title()).append("\n\n");
        out.append(report.head()).append("\n\n");
        out.append(report.protocol()).append("\n\n");
        out.append(String.format(
                Locale.ROOT,
                "Seeds %d to %d; %s; sgquant %s; %s; computed on %s. Made by `%s`.%n%n",
                report.firstSeed(),
                report.firstSeed() + report.seeds() - 1,
                report.created(),
                report.sgquant(),
                report.machine(),
                report.devices().isEmpty() ? "nothing yet" : String.join(" and ", report.devices()),
                report.command()));
        results(out, report);
        targets(out, report);
        published(out, report);
        if (!report.notes().isEmpty()) {
            out.append("\n## Notes\n\n");
            report.notes().forEach(note -> out.append("- ").append(note.strip()).append('\n'));
        }
        return out.toString().stripTrailing() + "\n";
    }

    private static void results(StringBuilder out, TableReport report) {
        row(
                out,
                "row",
                "dataset",
                "model",
                "bits",
                "seeds",
                "fp32 %",
                "packed %",
                "drop",
                "bits avg / all / inner",
                "bits inner stored",
                "saving payload / stored",
                "sums",
                "inference ms",
                "target");
        line(out, 14);
        for (Line l : report.rows()) {
            Sizes s = l.sizes();
            row(
                    out,
                    l.name(),
                    l.dataset(),
                    l.model(),
                    l.bits() == null ? "32" : "`" + l.bits() + "`",
                    l.finished() + " of " + report.seeds(),
                    accuracy(l.fp32(), report.seeds()),
                    l.bits() == null ? "" : accuracy(l.packed(), report.seeds()),
                    number(l.drop()),
                    s == null
                            ? ""
                            : number(s.bitsAverage()) + " / " + number(s.bitsAll()) + " / " + number(s.bitsInner()),
                    s == null ? "" : number(s.bitsInnerStored()),
                    s == null ? "" : String.format(Locale.ROOT, "%.1f / %.1f", s.savingPayload(), s.savingStored()),
                    l.aggregated() == null ? "" : l.aggregated(),
                    l.inferenceMs() == null ? "" : String.format(Locale.ROOT, "%.2f", l.inferenceMs()),
                    verdict(l));
        }
        for (Line l : report.rows()) {
            for (String problem : l.failed()) {
                out.append("\nA seed of *")
                        .append(l.name())
                        .append("* has no result: ")
                        .append(problem)
                        .append('\n');
            }
        }
    }

    private static String verdict(Line l) {
        if (l.target() == null) {
            return "";
        }
        return l.reached() == null ? "open" : l.reached() ? "yes" : "no";
    }

    private static void targets(StringBuilder out, TableReport report) {
        List<Line> aimed =
                report.rows().stream().filter(l -> l.target() != null).toList();
        if (aimed.isEmpty() && report.meanDrop() == null) {
            return;
        }
        out.append("\n## Targets\n\nA positive gap is room to spare.\n\n");
        row(out, "row", "target", "ours", "gap", "reached");
        line(out, 5);
        for (Line l : aimed) {
            for (Check c : l.target()) {
                check(out, l.name(), c, l.reached() == null);
            }
        }
        if (report.meanDrop() != null) {
            check(out, "all rows", report.meanDrop(), report.meanDrop().ours() == null);
        }
    }

    private static void check(StringBuilder out, String row, Check c, boolean open) {
        row(
                out,
                row,
                c.what() + (c.atLeast() ? " ≥ " : " ≤ ") + number(c.bound()),
                number(c.ours()),
                c.gap() == null ? "" : String.format(Locale.ROOT, "%+.2f", c.gap()),
                open ? "open" : c.reached() ? "yes" : "no");
    }

    private static void published(StringBuilder out, TableReport report) {
        if (report.rows().stream().allMatch(l -> l.published().isEmpty())) {
            return;
        }
        out.append("\n## Published by others\n\nTheir figures, not ours. *Our bits* are ours counted their way");
        String ways = report.accountings().entrySet().stream()
                .map(e -> "*" + e.getKey() + "*: " + e.getValue())
                .collect(Collectors.joining("; "));
        out.append(ways.isEmpty() ? ".\n\n" : " (" + ways + ").\n\n");
        row(
                out,
                "row",
                "method",
                "test %",
                "bits",
                "checkpoint chosen by",
                "bits count",
                "source",
                "our test %",
                "our bits");
        line(out, 9);
        for (Line l : report.rows()) {
            Accuracy ours = l.bits() == null ? l.fp32() : l.packed();
            for (TableReport.Beside b : l.published()) {
                Table.Published p = b.figure();
                row(
                        out,
                        l.name(),
                        p.method(),
                        number(p.accuracy()) + (p.sd() == null ? "" : " ± " + number(p.sd())),
                        number(p.bits()),
                        p.chosen(),
                        p.counted() + (p.accounting() == null ? "" : " (*" + p.accounting() + "*)"),
                        p.source(),
                        accuracy(ours, report.seeds()),
                        number(b.ourBits()));
            }
        }
    }

    /** Mean and deviation, and over how many seeds where that is not all of them. */
    private static String accuracy(Accuracy a, int seeds) {
        if (a == null) {
            return "";
        }
        int n = a.values().size();
        return number(a.mean())
                + (n == 1 ? "" : " ± " + number(a.std()))
                + (n == seeds ? "" : " (" + n + " of " + seeds + ")");
    }

    private static String number(Double value) {
        return value == null ? "" : String.format(Locale.ROOT, "%.2f", value);
    }

    private static void row(StringBuilder out, String... cells) {
        out.append(Stream.of(cells)
                        .map(c -> c.replace("|", "\\|").replace("\n", " "))
                        .collect(Collectors.joining(" | ", "| ", " |")))
                .append('\n');
    }

    private static void line(StringBuilder out, int columns) {
        out.append("|").append("---|".repeat(columns)).append('\n');
    }
}
