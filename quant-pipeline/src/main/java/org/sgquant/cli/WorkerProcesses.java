package org.sgquant.cli;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.sgquant.search.StudyException;

/** Processes that run this one's command line as further workers on its study; they end with the study or with it. */
final class WorkerProcesses implements AutoCloseable {

    /** Option that makes a process a worker of another one, whose id follows. */
    static final String OPTION = "--worker-of";

    private static final int GRACE_SECONDS = 10;

    private final List<Process> processes = new ArrayList<>();

    private WorkerProcesses() {}

    /** Starts {@code count} processes with this one's JVM, flags and class path, and {@code arguments}. */
    static WorkerProcesses start(int count, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Sgquant.class.getName()));
        command.addAll(arguments);
        command.addAll(List.of(OPTION, String.valueOf(ProcessHandle.current().pid())));
        WorkerProcesses workers = new WorkerProcesses();
        try {
            for (int i = 0; i < count; i++) {
                workers.processes.add(new ProcessBuilder(command)
                        .redirectInput(ProcessBuilder.Redirect.from(nothing()))
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start());
            }
        } catch (IOException e) {
            workers.stop();
            throw new UncheckedIOException("a worker process cannot be started: " + e.getMessage(), e);
        }
        return workers;
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

    /** Waits until the workers see that nothing is left to do; how many of them failed. */
    long await() {
        long failed = 0;
        for (Process process : processes) {
            try {
                failed += process.waitFor() == 0 ? 0 : 1;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                stop();
                return failed;
            }
        }
        return failed;
    }

    /** Tells the workers to give back what they have claimed and to end, and waits a little for that. */
    void stop() {
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
        if (processes.stream().anyMatch(Process::isAlive)) {
            stop();
        }
    }
}
