package org.sgquant.kernels.cpu;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.SparsePackedMatrix;
import org.sgquant.tensor.SparseRowReader;

/** Sums of the rows of a sparse packed matrix over the edges of a target, as integers; scratch of one thread. */
final class SparseRowSum {

    private final CsrGraph graph;
    private final SparsePackedMatrix x;
    private final SparseRowReader reader;
    private final long[] sum;
    private final float[] acc;
    private final long[] present;
    private final boolean byColumn;
    private final int[] column;
    private final float[] value;

    SparseRowSum(CsrGraph graph, SparsePackedMatrix x) {
        this.graph = graph;
        this.x = x;
        reader = new SparseRowReader(x);
        sum = new long[x.cols()];
        acc = new float[x.cols()];
        present = new long[Math.ceilDiv(x.cols(), Long.SIZE)];
        byColumn = x.granularity() == Granularity.COLUMN;
        column = new int[x.cols()];
        value = new float[x.cols()];
    }

    /** Columns of the target read last, ascending. */
    int[] columns() {
        return column;
    }

    /** Its values at {@link #columns}. */
    float[] values() {
        return value;
    }

    /** Sums target {@code i}; returns how many columns some neighbour has. */
    int read(int i) {
        int e = graph.rowPtr().get(i);
        int end = graph.rowPtr().get(i + 1);
        for (int b = 0; e < end; b++) {
            int from = e;
            for (; e < end && graph.colIdx().get(e) < x.rowEnd(b); e++) {
                add(graph.colIdx().get(e));
            }
            if (from < e) {
                endBlock(b);
            }
        }
        int n = 0;
        for (int w = 0; w < present.length; w++) {
            for (long word = present[w]; word != 0; word &= word - 1) {
                int c = w * Long.SIZE + Long.numberOfTrailingZeros(word);
                column[n] = c;
                value[n++] = acc[c];
                acc[c] = 0;
            }
            present[w] = 0;
        }
        return n;
    }

    private void add(int source) {
        int n = reader.read(source);
        int[] columns = reader.columns();
        int[] codes = reader.codes();
        int rowCode = reader.rowCode();
        for (int j = 0; j < n; j++) {
            sum[columns[j]] += (long) rowCode * codes[j];
            present[columns[j] >> 6] |= 1L << columns[j];
        }
    }

    /** Turns the sums of block {@code b} into floats; columns of earlier blocks alone gain 0. */
    private void endBlock(int b) {
        for (int w = 0; w < present.length; w++) {
            for (long word = present[w]; word != 0; word &= word - 1) {
                int c = w * Long.SIZE + Long.numberOfTrailingZeros(word);
                acc[c] = Math.fma(reader.blockScale(b, byColumn ? c : 0), (float) sum[c], acc[c]);
                sum[c] = 0;
            }
        }
    }
}
