package org.sgquant.perf.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sgquant.report.Json;
import org.sgquant.report.RunReport;

/**
 * Puts results into tables: {@code Report OUT FILES...}, files of {@link Line}s ending in {@code .jsonl} and documents
 * of {@code sgquant run --json} ending in {@code .json}. Writes {@code kernels.json} and {@code kernels.md} for the
 * former, {@code end-to-end.json} and {@code end-to-end.md} for the latter.
 */
public final class Report {

    private Report() {}

    public static void main(String[] args) {
        if (args.length < 2) {
            System.err.println("usage: Report OUT FILES...");
            System.exit(2);
        }
        Path folder = Path.of(args[0]);
        List<Line> lines = new ArrayList<>();
        Map<String, RunReport> runs = new LinkedHashMap<>();
        for (String file : List.of(args).subList(1, args.length)) {
            Path path = Path.of(file);
            if (file.endsWith(".jsonl")) {
                lines.addAll(lines(path));
            } else {
                runs.put(path.getFileName().toString().replace(".json", ""), Json.read(path, RunReport.class));
            }
        }
        if (!lines.isEmpty()) {
            Comparison comparison = Comparison.of(lines);
            write(folder, "kernels", comparison, ComparisonTables.of(comparison));
        }
        if (!runs.isEmpty()) {
            write(folder, "end-to-end", runs, RunTable.of(runs));
        }
    }

    static List<Line> lines(Path file) {
        try {
            return Files.readAllLines(file).stream().map(Line::parse).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }

    private static void write(Path folder, String name, Object json, String markdown) {
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve(name + ".json"), Json.write(json) + "\n");
            Files.writeString(folder.resolve(name + ".md"), markdown);
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be written: " + e.getMessage(), e);
        }
    }
}
