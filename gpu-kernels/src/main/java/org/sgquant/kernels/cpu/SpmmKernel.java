package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

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

    private static final FloatVector ONE = FloatVector.broadcast(Vectors.FLOATS, 1);

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

    private int edge(int row) {
        return rowPtr.get(JAVA_INT, (long) row * Integer.BYTES);
    }

    private FloatVector weight(int e) {
        return values == null
                ? ONE
                : FloatVector.broadcast(Vectors.FLOATS, values.get(JAVA_FLOAT, (long) e * Float.BYTES));
    }

    private long source(int e) {
        return colIdx.get(JAVA_INT, (long) e * Integer.BYTES) * xRow + column;
    }

    private FloatVector x(long row, int vector) {
        return Vectors.load(x, row + vector * Vectors.BYTES);
    }

    private void store(FloatVector sum, int row, int vector) {
        Vectors.store(sum, out, row * outRow + column + vector * Vectors.BYTES);
    }

    private void rows1(int from, int to) {
        for (int i = from; i < to; i++) {
            int end = edge(i + 1);
            FloatVector s0 = FloatVector.zero(Vectors.FLOATS);
            for (int e = edge(i); e < end; e++) {
                s0 = weight(e).fma(x(source(e), 0), s0);
            }
            store(s0, i, 0);
        }
    }

    private void rows2(int from, int to) {
        for (int i = from; i < to; i++) {
            int end = edge(i + 1);
            FloatVector s0 = FloatVector.zero(Vectors.FLOATS);
            FloatVector s1 = s0;
            for (int e = edge(i); e < end; e++) {
                FloatVector w = weight(e);
                long row = source(e);
                s0 = w.fma(x(row, 0), s0);
                s1 = w.fma(x(row, 1), s1);
            }
            store(s0, i, 0);
            store(s1, i, 1);
        }
    }

    private void rows4(int from, int to) {
        for (int i = from; i < to; i++) {
            int end = edge(i + 1);
            FloatVector s0 = FloatVector.zero(Vectors.FLOATS);
            FloatVector s1 = s0;
            FloatVector s2 = s0;
            FloatVector s3 = s0;
            for (int e = edge(i); e < end; e++) {
                FloatVector w = weight(e);
                long row = source(e);
                s0 = w.fma(x(row, 0), s0);
                s1 = w.fma(x(row, 1), s1);
                s2 = w.fma(x(row, 2), s2);
                s3 = w.fma(x(row, 3), s3);
            }
            store(s0, i, 0);
            store(s1, i, 1);
            store(s2, i, 2);
            store(s3, i, 3);
        }
    }

    private void rows8(int from, int to) {
        for (int i = from; i < to; i++) {
            int end = edge(i + 1);
            FloatVector s0 = FloatVector.zero(Vectors.FLOATS);
            FloatVector s1 = s0;
            FloatVector s2 = s0;
            FloatVector s3 = s0;
            FloatVector s4 = s0;
            FloatVector s5 = s0;
            FloatVector s6 = s0;
            FloatVector s7 = s0;
            for (int e = edge(i); e < end; e++) {
                FloatVector w = weight(e);
                long row = source(e);
                s0 = w.fma(x(row, 0), s0);
                s1 = w.fma(x(row, 1), s1);
                s2 = w.fma(x(row, 2), s2);
                s3 = w.fma(x(row, 3), s3);
                s4 = w.fma(x(row, 4), s4);
                s5 = w.fma(x(row, 5), s5);
                s6 = w.fma(x(row, 6), s6);
                s7 = w.fma(x(row, 7), s7);
            }
            store(s0, i, 0);
            store(s1, i, 1);
            store(s2, i, 2);
            store(s3, i, 3);
            store(s4, i, 4);
            store(s5, i, 5);
            store(s6, i, 6);
            store(s7, i, 7);
        }
    }
}
