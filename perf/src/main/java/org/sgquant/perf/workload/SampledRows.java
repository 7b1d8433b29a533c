package org.sgquant.perf.workload;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
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
public final class SampledRows implements AutoCloseable {

    private static final int DRAWN = 24;
    private static final long SEED = 7;

    private final HostMemory memory = new HostMemory();
    private final Backend reference = new ReferenceBackend();
    private final int[] rows;
    private final GraphPart part;

    public SampledRows(CsrGraph graph) {
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
     * @throws WrongResultException at the first value that is not what the operation promises
     */
    public double worstError(Operation operation, Operation.Prepared result, Backend backend, int cols) {
        return expected(operation, cols).worstError(operation.sums(), result.out(), backend);
    }

    /** What {@code operation} gives in these rows on a matrix of {@code cols} columns. */
    public Expected expected(Operation operation, int cols) {
        try (Memory memory = reference.newMemory("reference")) {
            GraphOperands operands = GraphOperands.of(reference, memory, part, part.graph(), cols);
            Operation.Prepared prepared = operation.prepare().apply(operands);
            prepared.calls().run();
            prepared.read().run();
            float[][] values = new float[rows.length][];
            for (int i = 0; i < rows.length; i++) {
                values[i] = prepared.out().row(prepared.perTarget() ? i : part.columnOf(i));
            }
            return new Expected(values, cols);
        }
    }

    /** Rows as the reference computes them. */
    public final class Expected {

        private final float[][] values;
        private final int terms;

        private Expected(float[][] values, int terms) {
            this.values = values;
            this.terms = terms;
        }

        /** Values in these rows. */
        public int count() {
            return Arrays.stream(values).mapToInt(row -> row.length).sum();
        }

        /**
         * Largest error of these rows of {@code out}, in memory of {@code backend}, relative to {@code 1 + |expected|}.
         *
         * @throws WrongResultException at the first value that is not what {@code sums} promises
         */
        public double worstError(Operation.Sums sums, FloatMatrix out, Backend backend) {
            try (HostMemory host = new HostMemory()) {
                FloatMatrix row = FloatMatrix.allocate(host, 1, out.cols());
                double worst = 0;
                for (int i = 0; i < rows.length; i++) {
                    MemorySegment device = out.data().asSlice(out.rowOffset(rows[i]), row.bytes());
                    backend.download(device, row.data(), row.bytes());
                    double tolerance = sums.tolerance(part.graph().degree(i) + 1, terms);
                    worst = Math.max(worst, compare(row.row(0), values[i], tolerance, rows[i]));
                }
                return worst;
            }
        }

        private static double compare(float[] got, float[] expected, double tolerance, int row) {
            double worst = 0;
            for (int c = 0; c < expected.length; c++) {
                double error = Math.abs((double) got[c] - expected[c]) / (1 + Math.abs(expected[c]));
                // Negated, so that NaN is refused.
                if (!(error <= tolerance)) {
                    throw new WrongResultException(got[c], row, c, expected[c]);
                }
                worst = Math.max(worst, error);
            }
            return worst;
        }
    }

    @Override
    public void close() {
        reference.close();
        memory.close();
    }
}
