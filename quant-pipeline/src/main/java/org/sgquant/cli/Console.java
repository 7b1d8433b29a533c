package org.sgquant.cli;

import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Notes and progress for people, on standard error only. */
public final class Console {

    static final Console SILENT = new Console(true, false);

    private static final int TERMINAL_INTERVAL_MS = 200;
    private static final int LOG_INTERVAL_MS = 10_000;
    private static final int LINE = 100;

    private final boolean quiet;
    private final boolean verbose;
    private final PrintStream err = System.err;

    public Console(boolean quiet, boolean verbose) {
        this.quiet = quiet;
        this.verbose = verbose;
    }

    /** A note unless quiet. */
    public void info(String text) {
        if (!quiet) {
            err.println(text);
        }
    }

    /** A note if verbose. */
    void detail(String text) {
        if (verbose && !quiet) {
            err.println(text);
        }
    }

    /** Progress of {@code total} steps with rate and remaining time. */
    Progress progress(String task, int total) {
        return new Progress(quiet ? null : bar(task, total));
    }

    private ProgressBar bar(String task, int total) {
        boolean terminal = System.console() != null && System.console().isTerminal();
        return new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(total)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(terminal ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS)
                .showSpeed()
                .setConsumer(terminal ? new ConsoleProgressBarConsumer(err, LINE) : new LineConsumer(err))
                .build();
    }

    /** Writes plain lines where no terminal can redraw one. */
    private record LineConsumer(PrintStream out) implements me.tongfei.progressbar.ProgressBarConsumer {
        @Override
        public int getMaxRenderedLength() {
            return LINE;
        }

        @Override
        public void accept(String line) {
            out.println(line);
        }

        @Override
        public void close() {
            out.flush();
        }
    }

    /** A running count; safe from any thread. */
    static final class Progress implements AutoCloseable {
        private final ProgressBar bar;

        private Progress(ProgressBar bar) {
            this.bar = bar;
        }

        synchronized void step(String message) {
            if (bar != null) {
                bar.setExtraMessage(message);
                bar.step();
            }
        }

        @Override
        public void close() {
            if (bar != null) {
                bar.close();
            }
        }
    }
}
