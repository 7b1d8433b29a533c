package org.sgquant.perf.bench;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A report as Markdown, or its records as CSV. */
final class BenchTables {

    private BenchTables() {}

    static String csv(BenchReport report) {
        return Stream.concat(
                        Stream.of(String.join(",", BenchRecord.columns())),
                        report.records().stream()
                                .map(record -> String.join(",", record.cells().values())))
                .collect(Collectors.joining("\n", "", "\n"));
    }

    static String markdown(BenchReport report) {
        List<String> lines = new ArrayList<>();
        lines.add("Machine: " + report.machine().line() + ".");
        lines.add("Reproduce: `" + report.reproduce() + "`");
        report.shapes()
                .forEach(s -> lines.add("%s: %s, %d nodes, %d edges, largest degree %d."
                        .formatted(s.shape(), s.source(), s.nodes(), s.edges(), s.maxDegree())));
        report.peers()
                .forEach(peer -> lines.add("Peer " + peer.name() + ": "
                        + (peer.reason() == null
                                ? peer.version()
                                : peer.version() == null
                                        ? "no part, " + peer.reason()
                                        : peer.version() + ", but not " + peer.reason())
                        + "."));
        if (!report.records().isEmpty()) {
            kernels(report, lines);
        }
        if (!report.endToEnd().isEmpty()) {
            lines.add("");
            row(lines, EndToEnd.Result.columns());
            rule(lines, EndToEnd.Result.columns().size());
            report.endToEnd().forEach(result -> row(lines, result.cells().values()));
        }
        if (report.scaling() != null) {
            lines.add("");
            lines.addAll(report.scaling().markdown());
        }
        return String.join("\n", lines) + "\n";
    }

    private static void kernels(BenchReport report, List<String> lines) {
        report.ceiling()
                .getOrDefault("stream", List.of())
                .forEach(rate -> lines.add("Stream beside %s, threads %d: %s GB/s."
                        .formatted(rate.shape(), rate.threads(), Numbers.text(rate.gbps()))));
        report.ceiling().getOrDefault("gather", List.of()).stream()
                .filter(rate -> Boolean.TRUE.equals(rate.inCache()))
                .map(rate -> "On " + rate.shape() + " all rows of " + rate.rowBytes()
                        + " bytes fit the last-level cache: their gathers are no reads of memory.")
                .distinct()
                .forEach(lines::add);
        String gathers = report.ceiling().getOrDefault("gather", List.of()).stream()
                .map(rate -> " in " + rate.by())
                .findFirst()
                .orElse("");
        lines.add(report.checked() + " outputs (" + report.checkedValues() + " values) compared with the reference, "
                + report.failures().size() + " wrong. Spread: 10th to 90th percentile. Ceiling: the time of a gather of"
                + " the same rows" + gathers + ", or the stream's rate.");
        lines.add("");
        row(lines, BenchRecord.columns());
        rule(lines, BenchRecord.columns().size());
        report.records().forEach(record -> row(lines, record.cells().values()));
    }

    /** Names of the components of a record: its columns. */
    static List<String> names(Class<? extends Record> type) {
        return Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getName)
                .toList();
    }

    static void row(List<String> lines, Collection<String> cells) {
        lines.add("| " + String.join(" | ", cells) + " |");
    }

    static void rule(List<String> lines, int columns) {
        lines.add("|" + "---|".repeat(columns));
    }
}
