package org.sgquant.cli;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.sgquant.search.StudyException;

/** Processes that run this one's command line as further workers on its study, until all trials are there; they end with it. */
final class WorkerProcesses implements AutoCloseable {

    /** Option that makes a process a worker of another one, whose id follows. */
    static final String OPTION = "--worker-of";

    private static final int GRACE_SECONDS = 10;

    /** Starts of a worker again, for each that there is. */
    private static final int RESTARTS = 3;

    /** Exit codes from here on tell of a signal. */
    private static final int SIGNALLED = 128;

    private final List<String> command;
    private final int count;
    private final List<Process> processes = new ArrayList<>();
    private int restarts;
    private boolean ending;

    private WorkerProcesses(List<String> command, int count) {
        this.command = command;
        this.count = count;
    }

    /**
     * Starts {@code count} processes with this one's JVM, flags and class path, and {@code arguments}. One that is killed
     * or fails is started again.
     */
    static WorkerProcesses start(int count, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Sgquant.class.getName()));
        command.addAll(arguments);
        command.addAll(List.of(OPTION, String.valueOf(ProcessHandle.current().pid())));
        return running(command, count);
    }

    /** {@code count} processes of {@code command}. */
    static WorkerProcesses running(List<String> command, int count) {
        WorkerProcesses workers = new WorkerProcesses(command, count);
        try {
            for (int i = 0; i < count; i++) {
                workers.add();
            }
        } catch (IOException e) {
            workers.stop();
            throw new UncheckedIOException("a worker process cannot be started: " + e.getMessage(), e);
        }
        return workers;
    }

    private synchronized void add() throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.from(nothing()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        processes.add(process);
        Thread.ofPlatform()
                .daemon()
                .name("worker-watch")
                .start(() -> replace(process.onExit().join()));
    }

    /** Starts another process in place of one that was killed or failed; what was refused would be refused again. */
    private synchronized void replace(Process ended) {
        boolean again = ended.exitValue() == ExitCode.FAILED || ended.exitValue() >= SIGNALLED;
        if (!again || ending || restarts == RESTARTS * count) {
            return;
        }
        try {
            add();
            restarts++;
        } catch (IOException e) {
            // There are fewer workers then, as after the last restart: what they leave is measured by others.
            ending = true;
        }
    }

    private static File nothing() {
        return new File(System.getProperty("os.name").startsWith("Windows") ? "NUL" : "/dev/null");
    }

    /** Ends this process, as Ctrl-C would, when the one it works for is gone. */
    static void endWith(long parent) {
        ProcessHandle handle = ProcessHandle.of(parent)
                .orElseThrow(() -> new StudyException("process " + parent + ", which this worker is for, is gone"));
        Thread.ofPlatform().daemon().name("parent-watch").start(() -> {
            handle.onExit().join();
            System.exit(ExitCode.INTERRUPTED);
        });
    }

    /** Waits until the workers see that nothing is left to do; a sentence on those that failed, where there are any. */
    Optional<String> await() {
        end();
        long failed = 0;
        for (Process process : processes) {
            try {
                failed += process.waitFor() == 0 ? 0 : 1;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                stop();
                break;
            }
        }
        return failed == 0
                ? Optional.empty()
                : Optional.of("worker processes that failed or were killed: " + failed + ", started again: " + restarts
                        + "; their trials were measured by others");
    }

    /** From now on no process is started. */
    private synchronized void end() {
        ending = true;
    }

    /** Tells the workers to give back what they have claimed and to end, and waits a little for that. */
    void stop() {
        end();
        processes.forEach(Process::destroy);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(GRACE_SECONDS);
        for (Process process : processes) {
            try {
                if (!process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                process.destroyForcibly();
            }
        }
    }

    /** Stops what still runs. */
    @Override
    public void close() {
        end();
        if (processes.stream().anyMatch(Process::isAlive)) {
            stop();
        }
    }
}
