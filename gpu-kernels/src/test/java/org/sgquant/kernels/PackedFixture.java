package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;

/** Seeded operands of the packed kernels, all in one memory; {@code -Dsgquant.seed=S} replays a failure. */
public final class PackedFixture implements AutoCloseable {

    /** Around the sizes of vectors and words, odd ones, and the widths of real features. */
    static final int[] COLUMNS = {1, 2, 7, 15, 16, 17, 31, 32, 33, 100, 128, 602};

    /** An empty row, single edges, around a 4-bit flush, one hub. */
    static final int[] DEGREES = {0, 1, 2, 17, 18, 0, 5, 90};

    /** Around every place where lanes are emptied into wider ones. */
    static final int[] FLUSH_DEGREES = {
        0, 1, 15, 16, 17, 18, 31, 33, 84, 85, 86, 255, 256, 257, 258, 510, 511, 1023, 1024, 1025, 4095, 4096, 4097
    };

    final HostMemory memory = new HostMemory();
    final long seed = Long.getLong("sgquant.seed", System.nanoTime());
    final Random random = new Random(seed);

    public long seed() {
        return seed;
    }

    public HostMemory memory() {
        return memory;
    }

    /** Normal values with some exact zeros; what lies in the padding is NaN, as it must not matter. */
    public FloatMatrix matrix(int rows, int cols) {
        FloatMatrix m = FloatMatrix.allocate(memory, rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                m.set(r, c, random.nextInt(4) == 0 ? 0 : (float) (random.nextGaussian() * 3));
            }
        }
        poison(m);
        return m;
    }

    public FloatMatrix filled(int rows, int cols, float value) {
        FloatMatrix m = FloatMatrix.allocate(memory, rows, cols);
        float[] row = new float[cols];
        Arrays.fill(row, value);
        for (int r = 0; r < rows; r++) {
            m.setRow(r, row);
        }
        poison(m);
        return m;
    }

    /** Output full of rubbish, so that an element that is not written shows. */
    public FloatMatrix output(int rows, int cols) {
        return filled(rows, cols, 12345);
    }

    private static void poison(FloatMatrix m) {
        for (int r = 0; r < m.rows(); r++) {
            for (int c = m.cols(); c < m.stride(); c++) {
                m.data().set(ValueLayout.JAVA_FLOAT, m.rowOffset(r) + 4L * c, Float.NaN);
            }
        }
    }

    /** Those that matter at one width: floats have scales of their own, whatever the granularity. */
    static List<Granularity> granularities(BitWidth bits) {
        return bits.isFloat() ? List.of(Granularity.COLUMN, Granularity.ROW_CODE) : List.of(Granularity.values());
    }

    /** Three blocks, the middle one empty, of widths {@code bits}, another one and 4; TENSOR and so on alike. */
    public QuantScheme scheme(int rows, int cols, BitWidth bits, Granularity granularity, Rounding rounding) {
        BitWidth other = bits == BitWidth.Q3 ? BitWidth.Q8 : BitWidth.Q3;
        int first = Math.max(1, rows / 3);
        int[] bounds = {0, first, first, rows};
        return QuantScheme.create(
                memory, "L1.message", bounds, cols, List.of(bits, other, BitWidth.Q4), granularity, rounding);
    }

    public QuantScheme uniform(int rows, int cols, BitWidth bits, Granularity granularity) {
        return QuantScheme.uniform(memory, "L1.message", rows, cols, bits, granularity);
    }

    /** The matrix packed by {@code ops} with the range of its extremes. */
    public PackedMatrix packed(PackedOps ops, FloatMatrix x, QuantScheme scheme) {
        ops.calibrate(x, scheme, Calibration.MIN_MAX);
        PackedMatrix packed = PackedMatrix.allocate(memory, scheme);
        ops.pack(x, packed);
        return packed;
    }

    /** Rows of the given degrees with random ascending sources, repeated ones included. */
    public CsrGraph graph(int sources, int... degrees) {
        int[] rowPtr = new int[degrees.length + 1];
        for (int r = 0; r < degrees.length; r++) {
            rowPtr[r + 1] = rowPtr[r] + degrees[r];
        }
        int[] col = new int[rowPtr[degrees.length]];
        for (int r = 0; r < degrees.length; r++) {
            for (int e = rowPtr[r]; e < rowPtr[r + 1]; e++) {
                col[e] = random.nextInt(sources);
            }
            Arrays.sort(col, rowPtr[r], rowPtr[r + 1]);
        }
        return CsrGraph.of(memory, sources, rowPtr, col);
    }

    /** Weights in [0, 1] in one part per width, the rows shared out evenly. */
    public EdgeWeights weights(PackedOps ops, CsrGraph graph, BitWidth... widths) {
        EdgeWeights.Part[] parts = new EdgeWeights.Part[widths.length];
        for (int p = 0; p < widths.length; p++) {
            int from = graph.numRows() * p / widths.length;
            int to = graph.numRows() * (p + 1) / widths.length;
            int start = graph.rowPtr().get(from);
            int edges = graph.rowPtr().get(to) - start;
            FloatMatrix w = FloatMatrix.allocate(memory, 1, edges);
            for (int e = 0; e < edges; e++) {
                w.set(0, e, e == 0 ? 0 : random.nextFloat());
            }
            QuantScheme scheme = QuantScheme.uniform(memory, "L1.attention", 1, edges, widths[p], Granularity.TENSOR);
            parts[p] = new EdgeWeights.Part(from, to, start, packed(ops, w, scheme));
        }
        return new EdgeWeights(List.of(parts));
    }

    public void assertSameBits(FloatMatrix actual, FloatMatrix expected, Object what) {
        for (int r = 0; r < expected.rows(); r++) {
            if (!Arrays.equals(actual.row(r), expected.row(r))) {
                assertThat(actual.row(r))
                        .as("%s, row %d, seed %d", what, r, seed)
                        .containsExactly(expected.row(r));
            }
        }
    }

    void assertSameCodes(PackedMatrix actual, PackedMatrix expected, Object what) {
        for (int b = 0; b < expected.scheme().blocks().size(); b++) {
            long bytes = expected.dataBytes(b);
            assertThat(actual.data(b)
                            .asSlice(0, bytes)
                            .mismatch(expected.data(b).asSlice(0, bytes)))
                    .as("%s, block %d, first byte that differs, seed %d", what, b, seed)
                    .isEqualTo(-1);
            assertThat(actual.rowCodes(b).mismatch(expected.rowCodes(b)))
                    .as("%s, block %d, first row code that differs, seed %d", what, b, seed)
                    .isEqualTo(-1);
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
