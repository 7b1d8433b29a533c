package org.sgquant.perf.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.regression.SimpleRegression;
import org.sgquant.kernels.Backend;
import org.sgquant.perf.workload.GraphGenerator;
import org.sgquant.perf.workload.GraphOperands;
import org.sgquant.perf.workload.GraphPart;
import org.sgquant.perf.workload.GraphShape;
import org.sgquant.perf.workload.Kernel;
import org.sgquant.perf.workload.Operation;
import org.sgquant.perf.workload.SampledRows;
import org.sgquant.perf.workload.WrongResultException;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.HostMemory;

/** Time of packed sums over neighbours against edges, on generated graphs of one mean degree. */
final class Scaling {

    /** That of products, of which these graphs are parts and multiples. */
    static final int MEAN_DEGREE = 50;

    private static final long LEAST_EDGES = 100_000;
    private static final double STEP = Math.sqrt(10);

    /** The largest of the three sizes that a fit needs. */
    static final long LEAST_MOST_EDGES = 10 * LEAST_EDGES;

    private static final long SEED = 1;

    /** Milliseconds before each point: the first one must not pay for Java compiling the kernel. */
    private static final double WARM_UP = 1000;

    /** One graph. */
    record Point(int nodes, int edges, double medianMs, double spreadMs, double msPerMillionEdges) {}

    /**
     * {@code log time = exponent * log edges + constant}, by least squares.
     *
     * @param rSquared share of the variance of log time that the exponent explains
     * @param msPerMillionEdges geometric mean over the points
     */
    record Result(
            String kernel,
            int bits,
            int features,
            int threads,
            List<Point> points,
            double exponent,
            double rSquared,
            double msPerMillionEdges) {

        List<String> markdown() {
            List<String> lines = new ArrayList<>();
            lines.add(
                    "%s at %d bits (features %d, threads %d): time grows as edges^%s (R^2 %s), %s ms per million edges."
                            .formatted(
                                    kernel,
                                    bits,
                                    features,
                                    threads,
                                    Numbers.text(exponent),
                                    Numbers.text(rSquared),
                                    Numbers.text(msPerMillionEdges)));
            lines.add("");
            BenchTables.row(lines, BenchTables.names(Point.class));
            BenchTables.rule(lines, BenchTables.names(Point.class).size());
            points.forEach(p -> BenchTables.row(
                    lines,
                    List.of(
                            String.valueOf(p.nodes()),
                            String.valueOf(p.edges()),
                            Numbers.text(p.medianMs()),
                            Numbers.text(p.spreadMs()),
                            Numbers.text(p.msPerMillionEdges()))));
            return lines;
        }
    }

    private Scaling() {}

    /** Numbers of edges from 1e5 up to {@code most}, two for each power of ten. */
    static List<Integer> edges(long most) {
        return IntStream.iterate(0, i -> i + 1)
                .mapToObj(i -> Math.round(LEAST_EDGES * Math.pow(STEP, i)))
                .takeWhile(edges -> edges <= most)
                .map(edges -> (int) (edges / 2 * 2))
                .toList();
    }

    /** Empty where a result was wrong. */
    static Optional<Result> run(
            Backend backend,
            int threads,
            int bits,
            int features,
            List<Integer> edgeCounts,
            Rounds rounds,
            Consumer<String> note,
            Findings findings) {
        List<Point> points = new ArrayList<>();
        for (int edges : edgeCounts) {
            note.accept("scaling: " + edges + " edges");
            try {
                points.add(point(backend, bits, features, edges, rounds.warmingUp(WARM_UP)));
            } catch (WrongResultException e) {
                findings.failures.add(new KernelBench.Failure(
                        Kernel.SPMM.word(),
                        bits,
                        "scaling of " + edges + " edges",
                        features,
                        threads,
                        null,
                        e.getMessage()));
                return Optional.empty();
            }
        }
        return Optional.of(fit(bits, features, threads, points));
    }

    static Result fit(int bits, int features, int threads, List<Point> points) {
        SimpleRegression line = new SimpleRegression();
        points.forEach(p -> line.addData(Math.log(p.edges()), Math.log(p.medianMs())));
        double mean = points.stream()
                .mapToDouble(p -> Math.log(p.msPerMillionEdges()))
                .average()
                .orElseThrow();
        return new Result(
                Kernel.SPMM.word(),
                bits,
                features,
                threads,
                points,
                Numbers.rounded(line.getSlope(), 4),
                Numbers.rounded(line.getRSquare(), 5),
                Numbers.rounded(Math.exp(mean), 4));
    }

    private static Point point(Backend backend, int bits, int features, int edges, Rounds rounds) {
        int nodes = edges / MEAN_DEGREE;
        GraphShape shape =
                new GraphShape("scaling", nodes, edges, Math.min(nodes / 4, 17_481), features, 2, List.of(features));
        GraphGenerator generator = new GraphGenerator(shape, SEED);
        Operation operation = Kernel.SPMM.at(bits);
        try (HostMemory memory = new HostMemory()) {
            CsrGraph graph = generator.graph(memory, generator.edges());
            try (SampledRows sampled = new SampledRows(graph)) {
                GraphOperands operands = GraphOperands.of(backend, memory, GraphPart.whole(graph), graph, features);
                Operation.Prepared prepared = operation.prepare().apply(operands);
                prepared.calls().run();
                sampled.worstError(operation, prepared, backend, features);
                Timed timed = new Timed(prepared.calls());
                rounds.run(List.of(timed));
                return new Point(
                        nodes,
                        edges,
                        Numbers.rounded(timed.median(), 4),
                        Numbers.rounded(timed.spread(), 4),
                        Numbers.rounded(timed.median() / edges * 1e6, 4));
            }
        }
    }
}
