package org.sgquant.kernels;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;

/**
 * Random operands for tests, all of one seed; {@code -Dsgquant.seed=N} replays a run.
 *
 * <p>The padding of every matrix is NaN, so a kernel that lets it reach a result is found out.
 */
public final class RandomTensors implements AutoCloseable {

    public static final long SEED = Long.getLong("sgquant.seed", System.nanoTime());

    static {
        System.out.println("random tests: replay with -Dsgquant.seed=" + SEED);
    }

    private final HostMemory memory = new HostMemory();
    private final Random random = new Random(SEED);

    public HostMemory memory() {
        return memory;
    }

    public Random random() {
        return random;
    }

    /** Matrix of zeros with NaN padding. */
    public FloatMatrix zeros(int rows, int cols) {
        FloatMatrix m = FloatMatrix.allocate(memory, rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = cols; c < m.stride(); c++) {
                m.data().set(JAVA_FLOAT, m.rowOffset(r) + 4L * c, Float.NaN);
            }
        }
        return m;
    }

    /** Standard normal values. */
    public FloatMatrix normal(int rows, int cols) {
        FloatMatrix m = zeros(rows, cols);
        fill(m, false);
        return m;
    }

    /** Whole numbers from -8 to 8: sums of their products are exact in float32. */
    public FloatMatrix whole(int rows, int cols) {
        FloatMatrix m = zeros(rows, cols);
        fill(m, true);
        return m;
    }

    private void fill(FloatMatrix m, boolean whole) {
        for (int r = 0; r < m.rows(); r++) {
            for (int c = 0; c < m.cols(); c++) {
                m.set(r, c, whole ? random.nextInt(17) - 8 : (float) random.nextGaussian());
            }
        }
    }

    /** Bits of {@code values}, which tell -0 from 0 and equate NaN with NaN. */
    public static int[][] bits(float[][] values) {
        int[][] bits = new int[values.length][];
        for (int r = 0; r < values.length; r++) {
            bits[r] = new int[values[r].length];
            for (int c = 0; c < bits[r].length; c++) {
                bits[r][c] = Float.floatToIntBits(values[r][c]);
            }
        }
        return bits;
    }

    /** Absolute values of {@code m}. */
    public FloatMatrix abs(FloatMatrix m) {
        FloatMatrix out = zeros(m.rows(), m.cols());
        for (int r = 0; r < m.rows(); r++) {
            for (int c = 0; c < m.cols(); c++) {
                out.set(r, c, Math.abs(m.get(r, c)));
            }
        }
        return out;
    }

    /** Rows of random degree up to {@code 2 * degree}; row 0 is empty and the last one a hub with every column. */
    public CsrGraph graph(int rows, int cols, int degree) {
        List<Integer> columns = new ArrayList<>();
        int[] ptr = new int[rows + 1];
        for (int r = 0; r < rows; r++) {
            TreeSet<Integer> row = new TreeSet<>();
            int edges = r == 0 || cols == 0 ? 0 : r == rows - 1 ? cols : random.nextInt(2 * degree + 1);
            for (int e = 0; e < edges; e++) {
                row.add(r == rows - 1 ? e : random.nextInt(cols));
            }
            columns.addAll(row);
            ptr[r + 1] = columns.size();
        }
        return CsrGraph.of(memory, cols, ptr, columns.stream().mapToInt(c -> c).toArray());
    }

    @Override
    public void close() {
        memory.close();
    }
}
