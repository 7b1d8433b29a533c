package org.sgquant.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.sgquant.report.ReportData;
import org.sgquant.report.ReportPage;
import picocli.CommandLine.Option;

/** A page that a computing command writes at its end. */
final class ReportOptions {

    @Option(names = "--report", paramLabel = "FILE", description = "Write a report page (HTML) there at the end.")
    private Path report;

    /** Refuses a file that cannot be written, before anything is trained. */
    void check() {
        if (report != null) {
            requireWritable("--report", report);
        }
    }

    /** Refuses a page where there is no form of it. */
    void refuseForWholeGraphs() {
        if (report != null) {
            throw new IllegalArgumentException("--report is for models of a single graph");
        }
    }

    /** Writes the page where one was asked for. */
    void write(Supplier<ReportData> data) {
        if (report != null) {
            ReportPage.write(report, data.get(), Version.text());
        }
    }

    static void requireWritable(String option, Path file) {
        Path folder = file.toAbsolutePath().getParent();
        String problem = Files.isDirectory(file)
                ? "it is a folder"
                : folder == null || !Files.isDirectory(folder)
                        ? "there is no folder " + folder
                        : !Files.isWritable(Files.exists(file) ? file : folder) ? "it is not writable" : null;
        if (problem != null) {
            throw new UncheckedIOException(
                    option + " " + file + ": the page cannot be written: " + problem, new IOException(problem));
        }
    }
}
