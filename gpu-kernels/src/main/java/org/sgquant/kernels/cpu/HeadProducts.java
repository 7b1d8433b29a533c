package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.sgquant.kernels.cpu.Vectors.FLOATS;
import static org.sgquant.kernels.cpu.Vectors.LANES;
import static org.sgquant.kernels.cpu.Vectors.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;

/** {@code out_eh = sum over f of a_i,hF+f * b_j,hF+f}: by vectors, heads narrower than half of one value by value. */
final class HeadProducts {

    private static final VectorShuffle<Float> NEXT_8 = next(8);
    private static final VectorShuffle<Float> NEXT_4 = next(4);
    private static final VectorShuffle<Float> NEXT_2 = next(2);

    private final CsrGraph graph;
    private final MemorySegment a;
    private final MemorySegment b;
    private final MemorySegment out;
    private final long row;
    private final long outRow;
    private final int width;
    private final int heads;

    HeadProducts(CsrGraph graph, FloatMatrix a, FloatMatrix b, FloatMatrix out, int width) {
        this.graph = graph;
        this.a = a.data();
        this.b = b.data();
        this.out = out.data();
        this.row = Vectors.rowBytes(a);
        this.outRow = Vectors.rowBytes(out);
        this.width = width;
        this.heads = out.cols();
    }

    /** Rows [from, to). */
    void rows(int from, int to) {
        MemorySegment rowPtr = graph.rowPtr().data();
        MemorySegment colIdx = graph.colIdx().data();
        for (int i = from; i < to; i++) {
            int end = rowPtr.get(JAVA_INT, 4L * i + 4);
            for (int e = rowPtr.get(JAVA_INT, 4L * i); e < end; e++) {
                long j = colIdx.get(JAVA_INT, 4L * e);
                for (int h = 0; h < heads; h++) {
                    long head = (long) h * width * Float.BYTES;
                    out.set(JAVA_FLOAT, e * outRow + 4L * h, dot(i * row + head, j * row + head));
                }
            }
        }
    }

    private float dot(long p, long q) {
        if (width < LANES / 2) {
            return shortDot(p, q);
        }
        FloatVector sum = FloatVector.zero(FLOATS);
        int f = 0;
        for (; f <= width - LANES; f += LANES) {
            sum = load(a, p + 4L * f).fma(load(b, q + 4L * f), sum);
        }
        if (f < width) {
            VectorMask<Float> rest = FLOATS.indexInRange(f, width);
            FloatVector left = FloatVector.fromMemorySegment(FLOATS, a, p + 4L * f, ORDER, rest);
            sum = left.fma(FloatVector.fromMemorySegment(FLOATS, b, q + 4L * f, ORDER, rest), sum);
        }
        return ofLanes(sum);
    }

    /** Sum of the lanes, halves first. {@code reduceLanes} would add in another order once a loop is compiled. */
    private static float ofLanes(FloatVector v) {
        FloatVector sum = v;
        if (LANES > 8) {
            sum = sum.add(sum.rearrange(NEXT_8));
        }
        if (LANES > 4) {
            sum = sum.add(sum.rearrange(NEXT_4));
        }
        if (LANES > 2) {
            sum = sum.add(sum.rearrange(NEXT_2));
        }
        return sum.lane(0) + sum.lane(1);
    }

    private static VectorShuffle<Float> next(int lanes) {
        return VectorShuffle.fromOp(FLOATS, lane -> (lane + lanes) % LANES);
    }

    private float shortDot(long p, long q) {
        float sum = 0;
        for (int f = 0; f < width; f++) {
            sum = Math.fma(a.get(JAVA_FLOAT, p + 4L * f), b.get(JAVA_FLOAT, q + 4L * f), sum);
        }
        return sum;
    }

    private static FloatVector load(MemorySegment x, long at) {
        return FloatVector.fromMemorySegment(FLOATS, x, at, ORDER);
    }
}
