package org.sgquant.cli;

import java.util.stream.Collectors;
import org.sgquant.data.Dataset;
import org.sgquant.experiment.Lanes;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Backends;
import org.sgquant.kernels.DenseLibrary;
import org.sgquant.kernels.TrainingLibraries;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options of every command that computes. */
final class CommonOptions {

    /** Graphs with more edges than this are worked on by all threads together, smaller ones seed by seed. */
    private static final int EDGES_PER_LANE = 4_000_000;

    private static final int MOST_THREADS = 1024;

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            description = "auto, cpu, reference, cuda or cuda:N (default: ${DEFAULT-VALUE}).")
    String device = "auto";

    @Option(
            names = "--dense",
            paramLabel = "LIBRARY",
            description =
                    "Who computes dense products in training: own, on a CUDA device cublas, cublas-tf32, cublas-fp16"
                            + " or cublas-bf16, on the CPU a library on the class path, as nd4j (default: ${DEFAULT-VALUE})."
                            + " Packed inference has kernels of its own. fp16 makes 0 of what is below 6e-8, as gradients of"
                            + " large graphs are: take bf16; backward products of cublas-fp16 stay fp32.")
    String dense = DenseLibrary.OWN;

    @Option(
            names = "--sparse",
            paramLabel = "LIBRARY",
            description =
                    "Who aggregates what has one head in training: own, or on a CUDA device cusparse, cusparse-fp16,"
                            + " cusparse-alg2 or cusparse-alg2-fp16 (default: ${DEFAULT-VALUE}). Packed inference has kernels of its own."
                            + " fp16 makes 0 of gradients below 6e-8.")
    String sparse = DenseLibrary.OWN;

    @Option(names = "--threads", paramLabel = "N", description = "CPU threads (default: all cores).")
    int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--seed", paramLabel = "N", description = "First seed (default: ${DEFAULT-VALUE}).")
    long seed;

    @Option(
            names = "--json",
            description = "Print one JSON document on standard output; progress stays on standard error.")
    boolean json;

    @Option(
            names = {"-q", "--quiet"},
            description = "No progress, no notes.")
    boolean quiet;

    @Option(
            names = {"-v", "--verbose"},
            description = "Notes on every seed and trial.")
    boolean verbose;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    /** The command line, quoted for a shell. */
    String commandLine() {
        return "sgquant "
                + command.root().commandLine().getParseResult().originalArgs().stream()
                        .map(CommonOptions::quoted)
                        .collect(Collectors.joining(" "));
    }

    private static String quoted(String word) {
        return word.matches("[\\w.,:/=@%+-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    Console console() {
        return new Console(quiet, verbose);
    }

    /** One lane per task up to the threads at hand, one for all on a large graph. */
    Lanes lanes(Dataset dataset, int tasks) {
        requireThreads();
        int count = dataset.graph().numEdges() > EDGES_PER_LANE ? 1 : Math.clamp(tasks, 1, threads);
        return new Lanes(dataset, count, lane -> backend(threads / count, Console.SILENT));
    }

    /** One lane per task up to the threads at hand, for tasks that bring what they work on. */
    Lanes lanes(int tasks) {
        requireThreads();
        int count = Math.clamp(tasks, 1, threads);
        return new Lanes(count, lane -> backend(threads / count, Console.SILENT));
    }

    /** Refuses a number of threads that there cannot be. */
    void requireThreads() {
        if (threads < 1 || threads > MOST_THREADS) {
            throw new IllegalArgumentException("--threads must lie in 1.." + MOST_THREADS + ", got " + threads);
        }
    }

    TrainingLibraries libraries() {
        return new TrainingLibraries(dense, sparse);
    }

    Backend backend(int laneThreads, Console console) {
        return Backends.select(device, laneThreads, libraries(), console::info);
    }

    /** What a report says of the device. */
    record Device(String name, String description) {}

    /** The device that {@link #backend} gives, with all threads: lanes, which divide them, say nothing of theirs. */
    Device describeDevice(Console console) {
        requireThreads();
        try (Backend backend = backend(threads, console)) {
            return new Device(backend.name(), backend.description());
        }
    }
}
