package org.sgquant.perf.device;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.IntStream;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.reference.ReferenceBackend;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;

/**
 * Compares some rows of a result with those that the reference computes, so that a fast wrong kernel gives no figure:
 * node 0, the row with the most and one with the fewest edges, and rows drawn at random.
 */
final class SampledRows implements AutoCloseable {

    private static final int DRAWN = 24;
    private static final long SEED = 7;

    private final HostMemory memory = new HostMemory();
    private final Backend reference = new ReferenceBackend();
    private final int[] rows;
    private final GraphPart part;

    SampledRows(CsrGraph graph) {
        int n = graph.numRows();
        Random random = new Random(SEED);
        int most = IntStream.range(0, n).reduce(0, (a, b) -> graph.degree(a) >= graph.degree(b) ? a : b);
        int fewest = IntStream.range(0, n).reduce(0, (a, b) -> graph.degree(a) <= graph.degree(b) ? a : b);
        rows = IntStream.concat(
                        IntStream.of(0, most, fewest), IntStream.range(0, DRAWN).map(i -> random.nextInt(n)))
                .sorted()
                .distinct()
                .toArray();
        part = GraphPart.rows(graph, rows, memory);
    }

    /**
     * Largest error of {@code result} in these rows, relative to {@code 1 + |expected|}.
     *
     * @throws IllegalStateException at the first value that is not what the operation promises
     */
    double worstError(Operation operation, Operation.Prepared result, Backend backend, int cols) {
        try (Memory operands = reference.newMemory("reference");
                HostMemory host = new HostMemory()) {
            DeviceOperands o = DeviceOperands.of(reference, operands, part, part.graph(), cols);
            Operation.Prepared expected = operation.prepare().apply(o);
            expected.calls().run();
            expected.read().run();
            FloatMatrix row = FloatMatrix.allocate(host, 1, result.out().cols());
            double worst = 0;
            for (int i = 0; i < rows.length; i++) {
                FloatMatrix from = result.out();
                MemorySegment device = from.data().asSlice(from.rowOffset(rows[i]), row.bytes());
                backend.download(device, row.data(), row.bytes());
                double terms = switch (operation.sums()) {
                    case EXACT -> 0;
                    case OVER_EDGES, OVER_ROUNDED_EDGES -> part.graph().degree(i) + 1;
                    case OVER_COLUMNS, OVER_ROUNDED_COLUMNS -> cols;
                };
                int at = expected.perTarget() ? i : part.columnOf(i);
                double tolerance = operation.sums().tolerance() * Math.sqrt(terms);
                worst = Math.max(worst, compare(row, expected.out(), at, tolerance, rows[i]));
            }
            return worst;
        }
    }

    private static double compare(FloatMatrix got, FloatMatrix expected, int at, double tolerance, int row) {
        double worst = 0;
        for (int c = 0; c < got.cols(); c++) {
            float e = expected.get(at, c);
            double error = Math.abs((double) got.get(0, c) - e) / (1 + Math.abs(e));
            // Negated, so that NaN is refused.
            if (!(error <= tolerance)) {
                throw new IllegalStateException(
                        "wrong result: got " + got.get(0, c) + " at row " + row + ", column " + c + ", expected " + e);
            }
            worst = Math.max(worst, error);
        }
        return worst;
    }

    @Override
    public void close() {
        reference.close();
        memory.close();
    }
}
