package org.sgquant.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.sgquant.report.Json;
import org.sgquant.search.Study;
import org.sgquant.search.StudyStatus;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A running study in the terminal. */
@Command(
        name = "watch",
        mixinStandardHelpOptions = true,
        description = "Show a study while it runs: trials, best so far, workers, rate; ends when all trials are there.")
final class WatchCommand implements Callable<Integer> {

    @Parameters(paramLabel = "STUDY", description = "The file that 'sgquant search --study' was given.")
    Path file;

    @Option(names = "--once", description = "Show the study as it is now and end.")
    boolean once;

    @Option(names = "--json", description = "One JSON document on standard output, once.")
    boolean json;

    @Option(names = "--interval", paramLabel = "SECONDS", description = "Time between pictures (default: 2).")
    double interval = 2;

    @Override
    public Integer call() throws InterruptedException {
        if (!(interval >= 0.1)) {
            throw new IllegalArgumentException("--interval must be at least 0.1 seconds, got " + interval);
        }
        boolean terminal = System.console() != null && System.console().isTerminal();
        StudyStatus status = status();
        if (json) {
            System.out.println(Json.write(status));
            return ExitCode.OK;
        }
        System.out.println(status.text());
        while (!once && !status.isComplete()) {
            Thread.sleep(Math.round(1e3 * interval));
            long lines = status.text().lines().count();
            status = status();
            System.out.println((terminal ? "\u001b[%dA\u001b[J".formatted(lines) : "") + status.text());
        }
        return ExitCode.OK;
    }

    /** Looked at anew: between two looks nothing of ours keeps the file open. */
    private StudyStatus status() {
        try (Study study = Study.look(file)) {
            return StudyStatus.of(study);
        }
    }
}
