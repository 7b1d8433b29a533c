package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.sgquant.kernels.cpu.Vectors.BYTES;
import static org.sgquant.kernels.cpu.Vectors.FLOATS;
import static org.sgquant.kernels.cpu.Vectors.LANES;
import static org.sgquant.kernels.cpu.Vectors.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;

/**
 * {@code out_i,hF+f = sum over edges of w_eh * x_j,hF+f}, a vector of columns at a time.
 *
 * <p>A vector may cover several heads: their weights come from one vector of the edge's row, each lane picking that of
 * its head.
 */
final class HeadSums {

    private final CsrGraph graph;
    private final MemorySegment w;
    private final long wRow;
    private final MemorySegment x;
    private final long xRow;
    private final MemorySegment out;
    private final int vectors;
    private final int width;
    private final int heads;

    HeadSums(CsrGraph graph, FloatMatrix w, FloatMatrix x, FloatMatrix out, int width) {
        this.graph = graph;
        this.w = w.data();
        this.wRow = Vectors.rowBytes(w);
        this.x = x.data();
        this.xRow = Vectors.rowBytes(x);
        this.out = out.data();
        this.vectors = Vectors.count(x.cols());
        this.width = width;
        this.heads = w.cols();
    }

    /** Rows [from, to). */
    void rows(int from, int to) {
        for (int v = 0; v < vectors; v++) {
            // Heads past the last belong to padding; a vector of weights never leaves its row.
            int first = Math.min(v * LANES / width, Math.toIntExact(wRow / Float.BYTES) - LANES);
            int[] lanes = new int[LANES];
            for (int k = 0; k < LANES; k++) {
                lanes[k] = Math.min((v * LANES + k) / width, heads - 1) - first;
            }
            rows(v * BYTES, (long) first * Float.BYTES, VectorShuffle.fromArray(FLOATS, lanes, 0), from, to);
        }
    }

    private void rows(long column, long firstHead, VectorShuffle<Float> headOfLane, int from, int to) {
        MemorySegment rowPtr = graph.rowPtr().data();
        MemorySegment colIdx = graph.colIdx().data();
        for (int i = from; i < to; i++) {
            int end = rowPtr.get(JAVA_INT, 4L * i + 4);
            FloatVector sum = FloatVector.zero(FLOATS);
            for (int e = rowPtr.get(JAVA_INT, 4L * i); e < end; e++) {
                long at = colIdx.get(JAVA_INT, 4L * e) * xRow + column;
                FloatVector weights = FloatVector.fromMemorySegment(FLOATS, w, e * wRow + firstHead, ORDER)
                        .rearrange(headOfLane);
                sum = weights.fma(FloatVector.fromMemorySegment(FLOATS, x, at, ORDER), sum);
            }
            sum.intoMemorySegment(out, i * xRow + column, ORDER);
        }
    }
}
