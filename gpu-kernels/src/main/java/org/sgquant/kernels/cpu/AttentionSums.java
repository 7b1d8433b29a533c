package org.sgquant.kernels.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme.Block;

/**
 * {@code sum over the edges of a row of w_eh * x_col(e)}, head h in its columns, for the row that an
 * {@link AttentionRow} stands at; one thread's scratch.
 *
 * <p>Products of codes are added in int32 for as many edges as unsigned 32 bits hold, then in int64: exact.
 */
final class AttentionSums {

    private static final long MAX_UNSIGNED = 0xffffffffL;

    private final PackedMatrix x;
    private final AttentionRow attention;
    private final int cols;
    private final int headCols;
    private final List<BlockParams> params;
    private final RowCodes[] codes;
    private final int[] weightCodes;
    private final float[] weights;
    private final int[] sums;
    private final long[] longSums;
    private final long[] weightSums;

    AttentionSums(PackedMatrix x, AttentionRow attention) {
        this.x = x;
        this.attention = attention;
        cols = x.cols();
        headCols = cols / attention.heads();
        params = BlockParams.all(x.scheme());
        codes = x.scheme().blocks().stream()
                .map(b -> b.bits().isPacked() ? new RowCodes(b.bits(), cols) : null)
                .toArray(RowCodes[]::new);
        weightCodes = new int[Lanes.padded(cols)];
        weights = new float[Lanes.padded(cols)];
        sums = new int[Lanes.padded(cols)];
        longSums = new long[cols];
        weightSums = new long[attention.heads()];
    }

    float[] newRow() {
        return new float[Lanes.padded(cols)];
    }

    /** Writes the sum of the row to {@code acc}. */
    void row(float[] acc) {
        Arrays.fill(acc, 0, cols, 0f);
        boolean integer = x.scheme().hasIntegerSum();
        int e = attention.begin();
        for (int b = 0; b < params.size() && e < attention.end(); b++) {
            int stop = e;
            while (stop < attention.end()
                    && attention.source(stop) < x.scheme().blocks().get(b).rowEnd()) {
                stop++;
            }
            if (e < stop && integer && attention.isPacked()) {
                addCodes(b, e, stop, acc);
            } else if (e < stop) {
                addFloats(b, e, stop, acc);
            }
            e = stop;
        }
    }

    private void addCodes(int b, int from, int to, float[] acc) {
        long largest = (long) x.scheme().blocks().get(b).bits().maxCode() * attention.maxCode();
        int piece = (int) Math.min(to - from, MAX_UNSIGNED / largest);
        Arrays.fill(longSums, 0);
        Arrays.fill(weightSums, 0);
        for (int e = from; e < to; ) {
            int stop = Math.min(to - e, piece) + e;
            Arrays.fill(sums, 0, cols, 0);
            for (int k = e; k < stop; k++) {
                addEdge(b, k);
            }
            for (int c = 0; c < cols; c++) {
                longSums[c] += Integer.toUnsignedLong(sums[c]);
            }
            e = stop;
        }
        float[] scale = params.get(b).scale;
        float[] offset = params.get(b).offset;
        for (int c = 0; c < cols; c++) {
            float ws = attention.codeScale[c / headCols];
            float base = Math.fma(ws * offset[c], (float) weightSums[c / headCols], acc[c]);
            acc[c] = Math.fma(ws * scale[c], (float) longSums[c], base);
        }
    }

    private void addEdge(int b, int e) {
        for (int h = 0; h < attention.heads(); h++) {
            int code = attention.code(e, h);
            weightSums[h] += code;
            Arrays.fill(weightCodes, h * headCols, (h + 1) * headCols, code);
        }
        codes[b].load(x.data(b), rowOffset(b, e));
        for (int c = 0; c < cols; c += Lanes.FLOATS) {
            IntVector weight = IntVector.fromArray(Lanes.INT, weightCodes, c);
            IntVector.fromArray(Lanes.INT, sums, c)
                    .add(codes[b].get(c).mul(weight))
                    .intoArray(sums, c);
        }
    }

    private void addFloats(int b, int from, int to, float[] acc) {
        for (int e = from; e < to; e++) {
            for (int h = 0; h < attention.heads(); h++) {
                Arrays.fill(weights, h * headCols, (h + 1) * headCols, attention.weight(e, h));
            }
            if (codes[b] != null) {
                codes[b].load(x.data(b), rowOffset(b, e));
                params.get(b).moveTo(x, b, attention.source(e));
            }
            for (int c = 0; c < cols; c += Lanes.FLOATS) {
                FloatVector values = codes[b] != null
                        ? params.get(b).dequantize(codes[b].get(c), c)
                        : floats(x.data(b), rowOffset(b, e), c);
                values.fma(FloatVector.fromArray(Lanes.FLOAT, weights, c), FloatVector.fromArray(Lanes.FLOAT, acc, c))
                        .intoArray(acc, c);
            }
        }
    }

    private static FloatVector floats(MemorySegment data, long row, int c) {
        return FloatVector.fromMemorySegment(Lanes.FLOAT, data, row + 4L * c, ByteOrder.nativeOrder());
    }

    private long rowOffset(int b, int e) {
        Block block = x.scheme().blocks().get(b);
        return (long) (attention.source(e) - block.rowStart()) * x.stride(b);
    }
}
