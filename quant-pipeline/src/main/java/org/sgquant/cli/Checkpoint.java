package org.sgquant.cli;

import java.util.concurrent.locks.LockSupport;
import org.sgquant.search.Study;
import org.sgquant.search.StudyException;

/**
 * What happens on Ctrl-C or SIGTERM while a study is open: workers are told to end, claims are given back, and a sentence says
 * how to go on. The JVM then ends by itself with 130, or 143 for SIGTERM.
 */
final class Checkpoint implements AutoCloseable {

    private final Study study;
    private final SearchOptions options;
    private final Thread hook = Thread.ofPlatform().unstarted(this::keep);
    private WorkerProcesses workers;

    Checkpoint(Study study, SearchOptions options) {
        this.study = study;
        this.options = options;
        Runtime.getRuntime().addShutdownHook(hook);
    }

    synchronized void add(WorkerProcesses more) {
        workers = more;
    }

    synchronized void keep() {
        if (workers != null) {
            workers.stop();
        }
        String left;
        try {
            left = "%d trials are kept in %s: go on with the same command and --resume"
                    .formatted(leave(), options.study);
        } catch (StudyException e) {
            left = e.getMessage();
        }
        if (!options.isWorker()) {
            System.err.printf("%nsgquant: interrupted; %s%n", left);
        }
    }

    /** Gives the study up, even where it cannot be read; how many trials it has. */
    private int leave() {
        try {
            return study.trials().size();
        } finally {
            study.abandon();
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending: the hook runs or has run, and this thread is not to go on.
            while (true) {
                LockSupport.park();
            }
        }
    }
}
