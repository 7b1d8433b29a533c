package org.sgquant.cli;

import java.util.concurrent.locks.LockSupport;
import org.sgquant.search.Study;

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

    private synchronized void keep() {
        if (workers != null) {
            workers.stop();
        }
        int kept = study.trials().size();
        study.abandon();
        if (!options.isWorker()) {
            System.err.printf(
                    "%nsgquant: interrupted; %d trials are kept in %s: go on with the same command and --resume%n",
                    kept, options.study);
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
