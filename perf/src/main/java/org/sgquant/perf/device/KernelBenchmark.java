package org.sgquant.perf.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.sgquant.cuda.CudaUnavailableException;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Replay;
import org.sgquant.kernels.Transfer;
import org.sgquant.kernels.cuda.CudaBackend;
import org.sgquant.perf.workload.GraphFolder;
import org.sgquant.perf.workload.GraphOperands;
import org.sgquant.perf.workload.GraphPart;
import org.sgquant.perf.workload.Operation;
import org.sgquant.perf.workload.Operation.Prepared;
import org.sgquant.perf.workload.SampledRows;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;

/**
 * Times the operations of a backend on a graph: {@code KernelBenchmark GRAPH LINES cuda|cpu|jpeers [--quick]} reads
 * the {@link GraphFolder} GRAPH and appends a {@link Line} per operation to LINES; jpeers are what cuSPARSE and cuBLAS
 * compute through JCuda, {@link LibraryPeer}.
 *
 * <p>Sums over neighbours are timed at every number of columns of the graph, the rest at {@link #COLUMNS}. Every result
 * is compared with the reference in some rows first; a wrong one, or an error, gives no time but a reason, and makes
 * the program end with 1.
 */
public final class KernelBenchmark {

    /** Columns at which everything but sums is timed, or the largest number of the graph below it. */
    private static final int COLUMNS = 128;

    /** Floats of the matrix whose copy shows what memory can do: far above any cache. */
    private static final int COPIED_ROWS = 1 << 20;

    private static final int COPIED_COLUMNS = 256;
    private static final String BY = "sgquant";
    private static final String PEERS = "jpeers";

    private final String by;
    private final Measured measured;
    private final boolean quick;
    private final Path lines;
    private int failures;

    KernelBenchmark(Measured measured, Path lines, boolean quick) {
        this(BY, measured, lines, quick);
    }

    private KernelBenchmark(String by, Measured measured, Path lines, boolean quick) {
        this.by = by;
        this.measured = measured;
        this.lines = lines;
        this.quick = quick;
    }

    public static void main(String[] args) {
        boolean quick = args.length == 4 && args[3].equals("--quick");
        if (args.length != 3 && !quick) {
            System.err.println("usage: KernelBenchmark GRAPH LINES cuda|cpu|" + PEERS + " [--quick]");
            System.exit(2);
        }
        int failures = 1;
        try (GraphFolder folder = new GraphFolder(Path.of(args[0]))) {
            Path lines = Path.of(args[1]);
            failures = args[2].equals(PEERS) ? runPeers(folder, lines, quick) : runOwn(args[2], folder, lines, quick);
        } catch (CudaUnavailableException e) {
            System.err.println("KernelBenchmark: " + e.getMessage());
        }
        System.exit(failures == 0 ? 0 : 1);
    }

    private static int runOwn(String backend, GraphFolder folder, Path lines, boolean quick) {
        try (Measured measured = Measured.open(backend)) {
            return new KernelBenchmark(measured, lines, quick).run(folder);
        }
    }

    private static int runPeers(GraphFolder folder, Path lines, boolean quick) {
        return LibraryPeer.all().stream()
                .mapToInt(peer -> runPeer(peer, folder, lines, quick))
                .sum();
    }

    /** Times everything and returns how much of it failed. */
    int run(GraphFolder folder) {
        Backend backend = measured.backend();
        append(Line.machine(by, backend.description() + "; Java " + Runtime.version()));
        copy();
        List<Integer> widths = folder.header().widths();
        int others = widths.stream().filter(w -> w <= COLUMNS).reduce(widths.get(0), Math::max);
        try (Memory memory = backend.newMemory("graph");
                SampledRows sampled = new SampledRows(folder.graph())) {
            CsrGraph graph = new Transfer(backend, memory).graph(folder.graph());
            for (int columns : widths) {
                time(folder, graph, sampled, columns, columns == others);
            }
        }
        measured.unlaunched().ifPresent(names -> System.out.println("kernels not launched here: " + names));
        return failures;
    }

    /**
     * Times what {@code peer} computes, on operands of its own, and returns how much of it failed. Where the library is
     * not there, or fails as a whole, a line says so: the other peers are timed all the same.
     */
    static int runPeer(LibraryPeer peer, GraphFolder folder, Path lines, boolean quick) {
        try (Measured measured = new MeasuredCuda(CudaBackend.open(0, peer.libraries()))) {
            return new KernelBenchmark(peer.by(), measured, lines, quick).run(peer, folder);
        } catch (CudaUnavailableException e) {
            append(lines, Line.missing(peer.by(), null, e.getMessage()));
            return 0;
        } catch (RuntimeException e) {
            append(lines, Line.missing(peer.by(), null, e.toString()));
            return 1;
        }
    }

    private int run(LibraryPeer peer, GraphFolder folder) {
        Backend backend = measured.backend();
        append(Line.machine(by, backend.description()));
        try (Memory memory = backend.newMemory("graph");
                SampledRows sampled = new SampledRows(folder.graph())) {
            CsrGraph graph = peer.readsGraph() ? new Transfer(backend, memory).graph(folder.graph()) : folder.graph();
            GraphPart whole = GraphPart.whole(folder.graph());
            for (int columns : folder.header().widths()) {
                try (Memory x = backend.newMemory("x")) {
                    GraphOperands operands = GraphOperands.of(backend, x, whole, graph, columns);
                    time(new Case(folder.header(), operands, sampled), peer.operation());
                }
            }
        }
        return failures;
    }

    private void time(GraphFolder folder, CsrGraph graph, SampledRows sampled, int columns, boolean everything) {
        try (Memory memory = measured.backend().newMemory("x")) {
            GraphPart whole = GraphPart.whole(folder.graph());
            Case at = new Case(
                    folder.header(), GraphOperands.of(measured.backend(), memory, whole, graph, columns), sampled);
            Operation.neighbourSums().forEach(operation -> time(at, operation));
            if (everything) {
                Operation.others().forEach(operation -> time(at, operation));
            }
        }
    }

    /** A graph with a number of columns. */
    private record Case(GraphFolder.Header header, GraphOperands operands, SampledRows sampled) {

        int columns() {
            return operands.x().cols();
        }

        Line.Subject of(Operation operation) {
            return new Line.Subject(
                    header.graph(), header.nodes(), header.edges(), operation.name(), operation.type(), columns());
        }
    }

    private void time(Case at, Operation operation) {
        Line line;
        try {
            line = measure(at, operation);
        } catch (RuntimeException e) {
            failures++;
            line = Line.missing(by, at.of(operation), e.toString());
        }
        append(line);
    }

    private Line measure(Case at, Operation operation) {
        Backend backend = measured.backend();
        try (Memory memory = backend.newMemory(operation.name() + " " + operation.type())) {
            Prepared prepared = operation.prepare().apply(at.operands.in(memory));
            Double own = measured.bytes(prepared, at.columns(), at.header.edges());
            // What a library moves is not known: no formula of ours is about it.
            Double bytes = by.equals(BY) ? own : null;
            prepared.read().run();
            double error = at.sampled.worstError(operation, prepared, backend, at.columns());
            try (Replay replay = backend.replayable(prepared.calls())) {
                Sampler.Times times = sampler().measure(replay::run);
                backend.finish();
                return Line.time(by, at.of(operation), times, bytes, error);
            }
        }
    }

    /** What one kernel that only copies can do. */
    private void copy() {
        Backend backend = measured.backend();
        try (Memory memory = backend.newMemory("copy")) {
            FloatMatrix from = FloatMatrix.allocate(memory, quick ? COPIED_COLUMNS : COPIED_ROWS, COPIED_COLUMNS);
            FloatMatrix to = FloatMatrix.allocate(memory, from.rows(), from.cols());
            Sampler.Times times = sampler().measure(() -> backend.elementwise().copy(from, to));
            append(Line.copy(by, times, 2.0 * from.bytes()));
        }
    }

    private Sampler sampler() {
        return quick ? Sampler.quick(measured.clock()) : Sampler.full(measured.clock());
    }

    private void append(Line line) {
        append(lines, line);
    }

    private static void append(Path lines, Line line) {
        try {
            Files.writeString(lines, line.json() + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(lines + ": cannot be written: " + e.getMessage(), e);
        }
        System.out.println(line.json());
    }
}
