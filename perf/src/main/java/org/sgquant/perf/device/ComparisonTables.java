package org.sgquant.perf.device;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.sgquant.perf.device.Comparison.Row;
import org.sgquant.perf.device.Line.Subject;

/** A {@link Comparison} as Markdown. */
final class ComparisonTables {

    private static final String NOTE = """
            Medians with the range from the lower to the upper quartile; the same operands every time, so caches are \
            warm. GB/s counts the bytes of the operation's traffic formula, a row read once per edge: what the L2 \
            cache serves can exceed a copy. cuSPARSE: row-major, descriptors and buffers made once; over cuSPARSE fp32 counts the fastest of \
            its algorithms, called by C or through JCuda.
            """;

    private final StringBuilder out = new StringBuilder();

    private ComparisonTables() {}

    static String of(Comparison comparison) {
        ComparisonTables tables = new ComparisonTables();
        tables.head(comparison);
        for (String graph : comparison.graphs()) {
            List<Row> rows = comparison.rows().stream()
                    .filter(r -> r.subject().graph().equals(graph))
                    .sorted(Comparator.comparingInt(r -> r.subject().columns()))
                    .toList();
            Subject any = rows.get(0).subject();
            tables.line("## %s: %,d nodes, %,d edges", graph, any.nodes(), any.edges());
            tables.line("");
            tables.rows(
                    "Sums over neighbours", rows, r -> r.subject().operation().equals("spmm"));
            tables.rows("Other operations", rows, r -> !r.subject().operation().equals("spmm"));
        }
        tables.targets(comparison);
        tables.missing(comparison);
        return tables.out.toString();
    }

    private void head(Comparison comparison) {
        line("# Kernels");
        line("");
        if (comparison.machines().stream().anyMatch(m -> Measured.isNoGpu(m.text()))) {
            line("%s", Measured.NOT_ON_GPU);
            line("");
        }
        comparison.machines().forEach(m -> line("- %s: %s", m.by(), m.text()));
        comparison
                .copies()
                .forEach(c -> line("- copy by %s: %.0f GB/s, read and written", c.by(), c.gigabytesPerSecond()));
        line("");
        line("%s", NOTE);
        line("");
    }

    private void rows(String title, List<Row> all, Predicate<Row> chosen) {
        List<Row> rows = all.stream().filter(chosen).toList();
        if (rows.isEmpty()) {
            return;
        }
        line(
                "| %s | columns | by | type | ms | quartiles | GB/s | %% of copy | over cuSPARSE fp32 | worst error |",
                title);
        line("|---|--:|---|---|--:|--:|--:|--:|--:|--:|");
        for (Row r : rows) {
            Sampler.Times t = r.milliseconds();
            line(
                    "| %s | %d | %s | %s | %.4f | %.4f to %.4f | %s | %s | %s | %s |",
                    r.subject().operation(),
                    r.subject().columns(),
                    r.by(),
                    r.subject().type(),
                    t.median(),
                    t.lowerQuartile(),
                    t.upperQuartile(),
                    number("%.0f", r.gigabytesPerSecond()),
                    number("%.0f", r.percentOfCopy()),
                    number("%.2f", r.overCusparse()),
                    number("%.1e", r.worstError()));
        }
        line("");
    }

    private void targets(Comparison comparison) {
        line("## Targets");
        line("");
        line("| graph | operation | columns | type | wanted | got | |");
        line("|---|---|--:|---|---|--:|---|");
        for (Comparison.Verdict v : comparison.targets()) {
            Target t = v.target();
            String met = v.met() == null ? "not measured" : v.met() ? "met" : "missed";
            line(
                    "| %s | %s | %d | %s | %s %s | %s | %s |",
                    t.graph(),
                    t.operation(),
                    t.columns(),
                    t.type(),
                    number("%.1f", t.wanted()),
                    t.goal(),
                    number("%.2f", v.got()),
                    met);
        }
        line("");
    }

    private void missing(Comparison comparison) {
        if (comparison.missing().isEmpty()) {
            return;
        }
        line("## Not timed");
        line("");
        for (Comparison.Missing m : comparison.missing()) {
            Subject s = m.subject();
            String of = s == null
                    ? ""
                    : ", %s %s of %s at %d columns".formatted(s.operation(), s.type(), s.graph(), s.columns());
            line("- %s%s: %s", m.by(), of, m.why());
        }
    }

    private static String number(String format, Double value) {
        return value == null ? "" : String.format(Locale.ROOT, format, value);
    }

    private void line(String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
    }
}
