package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.sgquant.kernels.cpu.Vectors.BYTES;
import static org.sgquant.kernels.cpu.Vectors.FLOATS;
import static org.sgquant.kernels.cpu.Vectors.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * {@code c_i = c_i + a_ik b_k}, k from {@code from} to {@code end}, for rows of c and up to four vectors of its columns,
 * which stay in registers, four rows at a time.
 *
 * <p>a_ik stands at byte {@code i * aRow + k * aDepth}, so a may be transposed; rows of b and c start every
 * {@code bRow} and {@code cRow} bytes and are used from byte {@code column} on. A last block of fewer than four rows repeats its last one.
 */
record GemmKernel(
        MemorySegment a,
        long aRow,
        long aDepth,
        MemorySegment b,
        long bRow,
        MemorySegment c,
        long cRow,
        long column,
        int from,
        int end) {

    /** Rows of c in registers. */
    static final int ROWS = 4;

    /** Vectors of c in registers per row: 16 accumulators fit where there are 32 registers, as AVX2 has not. */
    private static final int MAX_WIDTH = Vectors.LANES == 8 ? 2 : 4;

    /** Vectors to take next when {@code left} are left: a power of two. */
    static int width(int left) {
        return Math.min(Integer.highestOneBit(left), MAX_WIDTH);
    }

    /** Rows [first, last) of {@code width} vectors each. */
    void rows(int width, int first, int last) {
        for (int i = first; i < last; i += ROWS) {
            long i1 = Math.min(i + 1, last - 1);
            long i2 = Math.min(i + 2, last - 1);
            long i3 = Math.min(i + 3, last - 1);
            long a0 = i * aRow;
            long a1 = i1 * aRow;
            long a2 = i2 * aRow;
            long a3 = i3 * aRow;
            long c0 = i * cRow + column;
            long c1 = i1 * cRow + column;
            long c2 = i2 * cRow + column;
            long c3 = i3 * cRow + column;
            switch (width) {
                case 1 -> width1(a0, a1, a2, a3, c0, c1, c2, c3);
                case 2 -> width2(a0, a1, a2, a3, c0, c1, c2, c3);
                default -> width4(a0, a1, a2, a3, c0, c1, c2, c3);
            }
        }
    }

    private void width1(long a0, long a1, long a2, long a3, long c0, long c1, long c2, long c3) {
        FloatVector s00 = FloatVector.fromMemorySegment(FLOATS, c, c0, ORDER);
        FloatVector s10 = FloatVector.fromMemorySegment(FLOATS, c, c1, ORDER);
        FloatVector s20 = FloatVector.fromMemorySegment(FLOATS, c, c2, ORDER);
        FloatVector s30 = FloatVector.fromMemorySegment(FLOATS, c, c3, ORDER);
        for (int k = from; k < end; k++) {
            FloatVector b0 = FloatVector.fromMemorySegment(FLOATS, b, k * bRow + column, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, k * aDepth + a0));
            s00 = x0.fma(b0, s00);
            FloatVector x1 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, k * aDepth + a1));
            s10 = x1.fma(b0, s10);
            FloatVector x2 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, k * aDepth + a2));
            s20 = x2.fma(b0, s20);
            FloatVector x3 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, k * aDepth + a3));
            s30 = x3.fma(b0, s30);
        }
        s00.intoMemorySegment(c, c0, ORDER);
        s10.intoMemorySegment(c, c1, ORDER);
        s20.intoMemorySegment(c, c2, ORDER);
        s30.intoMemorySegment(c, c3, ORDER);
    }

    private void width2(long a0, long a1, long a2, long a3, long c0, long c1, long c2, long c3) {
        FloatVector s00 = FloatVector.fromMemorySegment(FLOATS, c, c0, ORDER);
        FloatVector s01 = FloatVector.fromMemorySegment(FLOATS, c, c0 + BYTES, ORDER);
        FloatVector s10 = FloatVector.fromMemorySegment(FLOATS, c, c1, ORDER);
        FloatVector s11 = FloatVector.fromMemorySegment(FLOATS, c, c1 + BYTES, ORDER);
        FloatVector s20 = FloatVector.fromMemorySegment(FLOATS, c, c2, ORDER);
        FloatVector s21 = FloatVector.fromMemorySegment(FLOATS, c, c2 + BYTES, ORDER);
        FloatVector s30 = FloatVector.fromMemorySegment(FLOATS, c, c3, ORDER);
        FloatVector s31 = FloatVector.fromMemorySegment(FLOATS, c, c3 + BYTES, ORDER);
        for (int k = from; k < end; k++) {
            FloatVector b0 = FloatVector.fromMemorySegment(FLOATS, b, k * bRow + column, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FLOATS, b, k * bRow + column + BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, k * aDepth + a0));
            s00 = x0.fma(b0, s00);
            s01 = x0.fma(b1, s01);
            FloatVector x1 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, k * aDepth + a1));
            s10 = x1.fma(b0, s10);
            s11 = x1.fma(b1, s11);
            FloatVector x2 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, k * aDepth + a2));
            s20 = x2.fma(b0, s20);
            s21 = x2.fma(b1, s21);
            FloatVector x3 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, k * aDepth + a3));
            s30 = x3.fma(b0, s30);
            s31 = x3.fma(b1, s31);
        }
        s00.intoMemorySegment(c, c0, ORDER);
        s01.intoMemorySegment(c, c0 + BYTES, ORDER);
        s10.intoMemorySegment(c, c1, ORDER);
        s11.intoMemorySegment(c, c1 + BYTES, ORDER);
        s20.intoMemorySegment(c, c2, ORDER);
        s21.intoMemorySegment(c, c2 + BYTES, ORDER);
        s30.intoMemorySegment(c, c3, ORDER);
        s31.intoMemorySegment(c, c3 + BYTES, ORDER);
    }

    private void width4(long a0, long a1, long a2, long a3, long c0, long c1, long c2, long c3) {
        FloatVector s00 = FloatVector.fromMemorySegment(FLOATS, c, c0, ORDER);
        FloatVector s01 = FloatVector.fromMemorySegment(FLOATS, c, c0 + BYTES, ORDER);
        FloatVector s02 = FloatVector.fromMemorySegment(FLOATS, c, c0 + 2 * BYTES, ORDER);
        FloatVector s03 = FloatVector.fromMemorySegment(FLOATS, c, c0 + 3 * BYTES, ORDER);
        FloatVector s10 = FloatVector.fromMemorySegment(FLOATS, c, c1, ORDER);
        FloatVector s11 = FloatVector.fromMemorySegment(FLOATS, c, c1 + BYTES, ORDER);
        FloatVector s12 = FloatVector.fromMemorySegment(FLOATS, c, c1 + 2 * BYTES, ORDER);
        FloatVector s13 = FloatVector.fromMemorySegment(FLOATS, c, c1 + 3 * BYTES, ORDER);
        FloatVector s20 = FloatVector.fromMemorySegment(FLOATS, c, c2, ORDER);
        FloatVector s21 = FloatVector.fromMemorySegment(FLOATS, c, c2 + BYTES, ORDER);
        FloatVector s22 = FloatVector.fromMemorySegment(FLOATS, c, c2 + 2 * BYTES, ORDER);
        FloatVector s23 = FloatVector.fromMemorySegment(FLOATS, c, c2 + 3 * BYTES, ORDER);
        FloatVector s30 = FloatVector.fromMemorySegment(FLOATS, c, c3, ORDER);
        FloatVector s31 = FloatVector.fromMemorySegment(FLOATS, c, c3 + BYTES, ORDER);
        FloatVector s32 = FloatVector.fromMemorySegment(FLOATS, c, c3 + 2 * BYTES, ORDER);
        FloatVector s33 = FloatVector.fromMemorySegment(FLOATS, c, c3 + 3 * BYTES, ORDER);
        for (int k = from; k < end; k++) {
            FloatVector b0 = FloatVector.fromMemorySegment(FLOATS, b, k * bRow + column, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FLOATS, b, k * bRow + column + BYTES, ORDER);
            FloatVector b2 = FloatVector.fromMemorySegment(FLOATS, b, k * bRow + column + 2 * BYTES, ORDER);
            FloatVector b3 = FloatVector.fromMemorySegment(FLOATS, b, k * bRow + column + 3 * BYTES, ORDER);
            FloatVector x0 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, k * aDepth + a0));
            s00 = x0.fma(b0, s00);
            s01 = x0.fma(b1, s01);
            s02 = x0.fma(b2, s02);
            s03 = x0.fma(b3, s03);
            FloatVector x1 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, k * aDepth + a1));
            s10 = x1.fma(b0, s10);
            s11 = x1.fma(b1, s11);
            s12 = x1.fma(b2, s12);
            s13 = x1.fma(b3, s13);
            FloatVector x2 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, k * aDepth + a2));
            s20 = x2.fma(b0, s20);
            s21 = x2.fma(b1, s21);
            s22 = x2.fma(b2, s22);
            s23 = x2.fma(b3, s23);
            FloatVector x3 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, k * aDepth + a3));
            s30 = x3.fma(b0, s30);
            s31 = x3.fma(b1, s31);
            s32 = x3.fma(b2, s32);
            s33 = x3.fma(b3, s33);
        }
        s00.intoMemorySegment(c, c0, ORDER);
        s01.intoMemorySegment(c, c0 + BYTES, ORDER);
        s02.intoMemorySegment(c, c0 + 2 * BYTES, ORDER);
        s03.intoMemorySegment(c, c0 + 3 * BYTES, ORDER);
        s10.intoMemorySegment(c, c1, ORDER);
        s11.intoMemorySegment(c, c1 + BYTES, ORDER);
        s12.intoMemorySegment(c, c1 + 2 * BYTES, ORDER);
        s13.intoMemorySegment(c, c1 + 3 * BYTES, ORDER);
        s20.intoMemorySegment(c, c2, ORDER);
        s21.intoMemorySegment(c, c2 + BYTES, ORDER);
        s22.intoMemorySegment(c, c2 + 2 * BYTES, ORDER);
        s23.intoMemorySegment(c, c2 + 3 * BYTES, ORDER);
        s30.intoMemorySegment(c, c3, ORDER);
        s31.intoMemorySegment(c, c3 + BYTES, ORDER);
        s32.intoMemorySegment(c, c3 + 2 * BYTES, ORDER);
        s33.intoMemorySegment(c, c3 + 3 * BYTES, ORDER);
    }
}
