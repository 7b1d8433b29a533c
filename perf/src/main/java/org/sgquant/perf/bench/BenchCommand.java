package org.sgquant.perf.bench;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.sgquant.cli.Console;
import org.sgquant.cli.ExitCode;
import org.sgquant.cli.ExtraCommand;
import org.sgquant.data.Datasets;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.report.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code sgquant bench}. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = {
            "Measure kernels on this CPU, after each has given the results of the reference: at every width, on graphs,"
                    + " beside ceilings of memory and libraries that are on the class path. Everything takes turns, so"
                    + " that what else the machine does hits all alike.",
            "Without options: spmm, spmm-gemm, gemm and pack on a Reddit-like graph of a 32nd of its nodes, and"
                    + " training, inference and search on a Cora-like one; under a minute."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  sgquant bench                                       what this machine does, in under a minute",
            "  sgquant bench --check                               only compare with the reference",
            "  sgquant bench --kernel spmm --shape arxiv,reddit/4  sums over neighbours on two graphs",
            "  sgquant bench --full --work graphs -o json          every graph at its size, kept for the next time",
            "  sgquant bench --end-to-end --shape cora             epochs, inferences, trials and memory",
            "  sgquant bench --scaling --max-edges 1e8             how time grows with edges",
            "%nExit codes: 0 ok, 1 a wrong result, 2 usage, 4 a peer that was asked for is absent or fails, 5 bad input."
        })
public final class BenchCommand implements ExtraCommand {

    @Option(
            names = "--kernel",
            paramLabel = "K",
            split = ",",
            description =
                    "Of spmm, spmm-weighted, spmm-gemm, gemm, gemm-codes, pack, unpack (default: all, but as above without"
                            + " options).")
    List<String> kernels;

    @Option(
            names = "--bits",
            paramLabel = "Q",
            split = ",",
            description = "Widths: 1 to 8, 16, and 32 for floats (default: 32,8,4,2,1).")
    List<Integer> bits;

    @Option(
            names = "--shape",
            paramLabel = "NAME[/K]",
            split = ",",
            description = "Of tiny, cora, computers, tolokers, arxiv, reddit, products; /K takes a K-th of the nodes"
                    + " (default: reddit/32). Real where the data are found, else generated.")
    List<String> shapes;

    @Option(
            names = "--features",
            paramLabel = "F",
            split = ",",
            description = "Columns of the matrix that is summed, multiplied, packed (default: 128).")
    List<Integer> features;

    @Option(
            names = "--threads",
            paramLabel = "N",
            split = ",",
            description = "Thread counts (default: 1 and all cores).")
    List<Integer> threads;

    @Option(
            names = "--peer",
            paramLabel = "NAME",
            split = ",",
            description = "Libraries to measure beside: their names, or none (default: all on the class path).")
    List<String> peers;

    @Option(
            names = {"-r", "--repetitions"},
            paramLabel = "N",
            description = "Rounds in which everything is timed once (default: what fits 12 seconds, 3 to 25).")
    Integer repetitions;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Of the order in which things take turns, another one in every round (default: 1).")
    long seed = Rounds.SEED;

    @Option(
            names = "--check",
            description = "Compare with the reference, time a single run, exit with 1 if any differs.")
    boolean check;

    @Option(names = "--full", description = "All shapes at full size, as far as they fit the memory; see --work.")
    boolean full;

    @Option(names = "--end-to-end", description = "Training, inference, search and memory instead of kernels.")
    boolean endToEnd;

    @Option(names = "--scaling", description = "Packed sums over graphs of 1e5 edges and more instead of kernels.")
    boolean scaling;

    @Option(
            names = "--max-edges",
            paramLabel = "N",
            description = "Edges of the largest graph of --scaling, as far as memory goes (default: 1e7).")
    Double maxEdges;

    @Option(names = "--work", paramLabel = "DIR", description = "Keep generated graphs there.")
    Path work;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Folder with datasets; else $$SGQUANT_DATA, else the cache folder.")
    Path dataDir;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "md, csv (records only) or json (default: md).")
    String format;

    @Option(names = "--file", paramLabel = "FILE", description = "Write there instead of standard output.")
    Path file;

    @Option(names = "--json", description = "The same as -o json.")
    boolean json;

    @Option(
            names = {"-q", "--quiet"},
            description = "No notes.")
    boolean quiet;

    @Override
    public Integer call() {
        BenchOptions options = BenchOptions.of(this);
        if (file != null) {
            toFile(() -> Files.newOutputStream(file, CREATE, WRITE).close());
        }
        Console console = new Console(quiet, false);
        BenchGraphs graphs = new BenchGraphs(Datasets.standard(dataDir), work, console::info);
        BenchReport report = new BenchRun(options, graphs, CpuBackend::new, Peers.all(), console::info).run();
        print(options.format(), report);
        report.failures().forEach(failure -> System.err.println("sgquant: " + failure.sentence()));
        return report.failures().isEmpty() ? absent(options, report) : ExitCode.FAILED;
    }

    /** A peer that merely is on the class path may be of no use here; one that was asked for by name may not. */
    private static int absent(BenchOptions options, BenchReport report) {
        if (options.peers() == null) {
            return ExitCode.OK;
        }
        List<Peers.State> failed =
                report.peers().stream().filter(peer -> peer.reason() != null).toList();
        failed.forEach(peer -> System.err.println("sgquant: peer '" + peer.name() + "': " + peer.reason()));
        return failed.isEmpty() ? ExitCode.OK : ExitCode.UNAVAILABLE;
    }

    /** Writes to {@link #file}. */
    @FunctionalInterface
    private interface Writing {
        void run() throws IOException;
    }

    private void print(BenchOptions.Format as, BenchReport report) {
        String text = switch (as) {
            case MD -> BenchTables.markdown(report);
            case CSV -> BenchTables.csv(report);
            case JSON -> Json.write(report) + "\n";
        };
        if (file == null) {
            System.out.print(text);
            return;
        }
        toFile(() -> Files.writeString(file, text));
    }

    private void toFile(Writing writing) {
        try {
            writing.run();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "--file " + file + ": cannot be written (" + e.getClass().getSimpleName() + ")", e);
        }
    }
}
