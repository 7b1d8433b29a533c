package org.sgquant.perf;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;

/** Seeded operands on the host: the same sizes give the same numbers everywhere. */
final class RandomOperands {

    private static final long SEED = 20240607;

    private RandomOperands() {}

    /**
     * Graph with skewed degrees: row of rank k has about {@code degree / (2 sqrt((k + 1) / nodes))} edges, and node
     * {@code nodes * u^2}, u uniform, is the source of each, so that a few nodes are read by most rows.
     */
    static CsrGraph graph(HostMemory memory, int nodes, int degree) {
        Random random = new Random(SEED);
        int[] rowPtr = new int[nodes + 1];
        int[] rank = shuffled(nodes, random);
        for (int r = 0; r < nodes; r++) {
            double edges = degree / (2 * Math.sqrt((rank[r] + 1.0) / nodes));
            rowPtr[r + 1] = rowPtr[r] + (int) Math.min(Math.round(edges), nodes);
        }
        int[] sources = shuffled(nodes, random);
        int[] col = new int[rowPtr[nodes]];
        for (int r = 0; r < nodes; r++) {
            for (int e = rowPtr[r]; e < rowPtr[r + 1]; e++) {
                double u = random.nextDouble();
                col[e] = sources[(int) (nodes * u * u)];
            }
            Arrays.sort(col, rowPtr[r], rowPtr[r + 1]);
        }
        return CsrGraph.of(memory, nodes, rowPtr, col);
    }

    private static int[] shuffled(int n, Random random) {
        int[] items = IntStream.range(0, n).toArray();
        for (int i = n - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int t = items[i];
            items[i] = items[j];
            items[j] = t;
        }
        return items;
    }

    /** Standard normal values. */
    static FloatMatrix normal(HostMemory memory, int rows, int cols) {
        Random random = new Random(SEED);
        FloatMatrix m = FloatMatrix.allocate(memory, rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                m.set(r, c, (float) random.nextGaussian());
            }
        }
        return m;
    }

    /** Zeros and ones, {@code share} of them ones: bag-of-words features. */
    static FloatMatrix binary(HostMemory memory, int rows, int cols, double share) {
        Random random = new Random(SEED);
        FloatMatrix m = FloatMatrix.allocate(memory, rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                m.set(r, c, random.nextDouble() < share ? 1 : 0);
            }
        }
        return m;
    }
}
