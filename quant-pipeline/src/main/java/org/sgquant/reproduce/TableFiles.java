package org.sgquant.reproduce;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.sgquant.report.Json;

/** The files of a reproduced table: {@code NAME.md}, {@code NAME.csv}, {@code NAME.json}. */
public final class TableFiles {

    private TableFiles() {}

    /** The Markdown of the report. */
    public static String markdown(TableReport report) {
        return TableMarkdown.of(report);
    }

    /** Writes the three files into {@code folder}; a reader never sees half of one. */
    public static void write(Path folder, TableReport report) {
        write(folder.resolve(report.table() + ".md"), TableMarkdown.of(report));
        write(folder.resolve(report.table() + ".csv"), TableCsv.of(report));
        write(folder.resolve(report.table() + ".json"), Json.write(report) + "\n");
    }

    private static void write(Path file, String text) {
        try {
            Path part = file.resolveSibling(
                    file.getFileName() + "." + ProcessHandle.current().pid() + ".part");
            Files.writeString(part, text);
            Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be written: " + e.getMessage(), e);
        }
    }
}
