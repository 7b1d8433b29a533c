package org.sgquant.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Supplier;
import org.sgquant.data.FormatException;
import org.sgquant.report.ReportData;
import org.sgquant.report.ReportPage;
import picocli.CommandLine.Option;

/** A page that a computing command writes at its end, and where a page may be written. */
final class ReportOptions {

    /** Bytes within which a page of HTML shows that it is one. */
    private static final int HEAD = 256;

    @Option(names = "--report", paramLabel = "FILE", description = "Write a report page (HTML) there at the end.")
    private Path report;

    /** Refuses a file that no page may be written to, before anything is trained; {@code study} is null where there is none. */
    void check(Path study) {
        if (report == null) {
            return;
        }
        requirePlace("--report", report);
        if (study != null && place(report).equals(place(study))) {
            throw refusal("--report", report, "it is the file of --study");
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
            // Once more: the work may have made a study or a model there.
            requirePlace("--report", report);
            ReportPage.write(report, data.get(), Version.text());
        }
    }

    /** Refuses what cannot be written, and what is there and is no HTML page: a study, a model, a sweep. */
    static void requirePlace(String option, Path file) {
        Path folder = file.toAbsolutePath().getParent();
        if (Files.isDirectory(file)) {
            throw refusal(option, file, "it is a folder");
        }
        if (folder == null || !Files.isDirectory(folder)) {
            throw refusal(option, file, "there is no folder " + folder);
        }
        if (!Files.exists(file) && Files.isSymbolicLink(file)) {
            throw refusal(option, file, "it is a link to nothing");
        }
        if (!Files.isWritable(Files.exists(file) ? file : folder)) {
            throw refusal(option, file, "it is not writable");
        }
        if (Files.isRegularFile(file) && !isPage(file)) {
            throw refusal(option, file, "it is there and is no HTML page, which alone is replaced");
        }
    }

    private static FormatException refusal(String option, Path file, String why) {
        return new FormatException(option + " " + file + ": the page cannot be written: " + why);
    }

    /** Whether replacing {@code file} loses no more than a page, or nothing at all. */
    private static boolean isPage(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            String head = new String(in.readNBytes(HEAD), StandardCharsets.UTF_8)
                    .replaceFirst("^\\uFEFF", "")
                    .strip()
                    .toLowerCase(Locale.ROOT);
            return head.isEmpty()
                    ? Files.size(file) == 0
                    : head.startsWith("<!doctype html") || head.startsWith("<html");
        } catch (IOException e) {
            // What cannot be looked at may be anything.
            return false;
        }
    }

    /** The file without links on the way to it, whether it is there or not. */
    private static Path place(Path file) {
        try {
            return Files.exists(file)
                    ? file.toRealPath()
                    : file.toAbsolutePath().getParent().toRealPath().resolve(file.getFileName());
        } catch (IOException e) {
            // Where the folder is not there, nothing is.
            return file.toAbsolutePath().normalize();
        }
    }
}
