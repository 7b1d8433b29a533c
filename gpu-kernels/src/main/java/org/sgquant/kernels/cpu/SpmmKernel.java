package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.sgquant.kernels.cpu.Vectors.BYTES;
import static org.sgquant.kernels.cpu.Vectors.FLOATS;
import static org.sgquant.kernels.cpu.Vectors.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;

/**
 * {@code out_i = sum over edges of w_e x_col(e)} for up to eight vectors of columns from byte {@code column} on, which
 * stay in registers over all edges of a row. Without values w is 1, and fma(1, x, acc) is acc + x.
 */
final class SpmmKernel {

    /** Vectors in registers: eight accumulators and eight operands fit 16 registers. */
    private static final int MAX_WIDTH = 8;

    private final MemorySegment rowPtr;
    private final MemorySegment colIdx;
    private final MemorySegment values;
    private final MemorySegment x;
    private final long xRow;
    private final MemorySegment out;
    private final long outRow;
    private final long column;

    /** {@code values} null for ones. */
    SpmmKernel(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out, long column) {
        this.rowPtr = graph.rowPtr().data();
        this.colIdx = graph.colIdx().data();
        this.values = values == null ? null : values.data();
        this.x = x.data();
        this.xRow = Vectors.rowBytes(x);
        this.out = out.data();
        this.outRow = Vectors.rowBytes(out);
        this.column = column;
    }

    /** Vectors to take next when {@code left} are left: a power of two. */
    static int width(int left) {
        return Math.min(Integer.highestOneBit(left), MAX_WIDTH);
    }

    /** Rows [from, to) of {@code width} vectors each. */
    void rows(int width, int from, int to) {
        switch (width) {
            case 1 -> rows1(from, to);
            case 2 -> rows2(from, to);
            case 4 -> rows4(from, to);
            default -> rows8(from, to);
        }
    }

    private void rows1(int from, int to) {
        for (int i = from; i < to; i++) {
            int end = rowPtr.get(JAVA_INT, 4L * i + 4);
            FloatVector s0 = FloatVector.zero(FLOATS);
            for (int e = rowPtr.get(JAVA_INT, 4L * i); e < end; e++) {
                long at = colIdx.get(JAVA_INT, 4L * e) * xRow + column;
                FloatVector w = FloatVector.broadcast(FLOATS, values == null ? 1 : values.get(JAVA_FLOAT, 4L * e));
                s0 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at, ORDER), s0);
            }
            long target = i * outRow + column;
            s0.intoMemorySegment(out, target, ORDER);
        }
    }

    private void rows2(int from, int to) {
        for (int i = from; i < to; i++) {
            int end = rowPtr.get(JAVA_INT, 4L * i + 4);
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = FloatVector.zero(FLOATS);
            for (int e = rowPtr.get(JAVA_INT, 4L * i); e < end; e++) {
                long at = colIdx.get(JAVA_INT, 4L * e) * xRow + column;
                FloatVector w = FloatVector.broadcast(FLOATS, values == null ? 1 : values.get(JAVA_FLOAT, 4L * e));
                s0 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at, ORDER), s0);
                s1 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at + BYTES, ORDER), s1);
            }
            long target = i * outRow + column;
            s0.intoMemorySegment(out, target, ORDER);
            s1.intoMemorySegment(out, target + BYTES, ORDER);
        }
    }

    private void rows4(int from, int to) {
        for (int i = from; i < to; i++) {
            int end = rowPtr.get(JAVA_INT, 4L * i + 4);
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = FloatVector.zero(FLOATS);
            FloatVector s2 = FloatVector.zero(FLOATS);
            FloatVector s3 = FloatVector.zero(FLOATS);
            for (int e = rowPtr.get(JAVA_INT, 4L * i); e < end; e++) {
                long at = colIdx.get(JAVA_INT, 4L * e) * xRow + column;
                FloatVector w = FloatVector.broadcast(FLOATS, values == null ? 1 : values.get(JAVA_FLOAT, 4L * e));
                s0 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at, ORDER), s0);
                s1 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at + BYTES, ORDER), s1);
                s2 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at + 2 * BYTES, ORDER), s2);
                s3 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at + 3 * BYTES, ORDER), s3);
            }
            long target = i * outRow + column;
            s0.intoMemorySegment(out, target, ORDER);
            s1.intoMemorySegment(out, target + BYTES, ORDER);
            s2.intoMemorySegment(out, target + 2 * BYTES, ORDER);
            s3.intoMemorySegment(out, target + 3 * BYTES, ORDER);
        }
    }

    private void rows8(int from, int to) {
        for (int i = from; i < to; i++) {
            int end = rowPtr.get(JAVA_INT, 4L * i + 4);
            FloatVector s0 = FloatVector.zero(FLOATS);
            FloatVector s1 = FloatVector.zero(FLOATS);
            FloatVector s2 = FloatVector.zero(FLOATS);
            FloatVector s3 = FloatVector.zero(FLOATS);
            FloatVector s4 = FloatVector.zero(FLOATS);
            FloatVector s5 = FloatVector.zero(FLOATS);
            FloatVector s6 = FloatVector.zero(FLOATS);
            FloatVector s7 = FloatVector.zero(FLOATS);
            for (int e = rowPtr.get(JAVA_INT, 4L * i); e < end; e++) {
                long at = colIdx.get(JAVA_INT, 4L * e) * xRow + column;
                FloatVector w = FloatVector.broadcast(FLOATS, values == null ? 1 : values.get(JAVA_FLOAT, 4L * e));
                s0 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at, ORDER), s0);
                s1 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at + BYTES, ORDER), s1);
                s2 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at + 2 * BYTES, ORDER), s2);
                s3 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at + 3 * BYTES, ORDER), s3);
                s4 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at + 4 * BYTES, ORDER), s4);
                s5 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at + 5 * BYTES, ORDER), s5);
                s6 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at + 6 * BYTES, ORDER), s6);
                s7 = w.fma(FloatVector.fromMemorySegment(FLOATS, x, at + 7 * BYTES, ORDER), s7);
            }
            long target = i * outRow + column;
            s0.intoMemorySegment(out, target, ORDER);
            s1.intoMemorySegment(out, target + BYTES, ORDER);
            s2.intoMemorySegment(out, target + 2 * BYTES, ORDER);
            s3.intoMemorySegment(out, target + 3 * BYTES, ORDER);
            s4.intoMemorySegment(out, target + 4 * BYTES, ORDER);
            s5.intoMemorySegment(out, target + 5 * BYTES, ORDER);
            s6.intoMemorySegment(out, target + 6 * BYTES, ORDER);
            s7.intoMemorySegment(out, target + 7 * BYTES, ORDER);
        }
    }
}
