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
            int i1 = Math.min(i + 1, last - 1);
            int i2 = Math.min(i + 2, last - 1);
            int i3 = Math.min(i + 3, last - 1);
            switch (width) {
                case 1 -> width1(i, i1, i2, i3);
                case 2 -> width2(i, i1, i2, i3);
                default -> width4(i, i1, i2, i3);
            }
        }
    }

    private void width1(int i0, int i1, int i2, int i3) {
        long c0 = i0 * cRow + column;
        long c1 = i1 * cRow + column;
        long c2 = i2 * cRow + column;
        long c3 = i3 * cRow + column;
        FloatVector s00 = FloatVector.fromMemorySegment(FLOATS, c, c0, ORDER);
        FloatVector s10 = FloatVector.fromMemorySegment(FLOATS, c, c1, ORDER);
        FloatVector s20 = FloatVector.fromMemorySegment(FLOATS, c, c2, ORDER);
        FloatVector s30 = FloatVector.fromMemorySegment(FLOATS, c, c3, ORDER);
        for (int k = from; k < end; k++) {
            long at = k * bRow + column;
            FloatVector b0 = FloatVector.fromMemorySegment(FLOATS, b, at, ORDER);
            long left = k * aDepth;
            FloatVector a0 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, left + i0 * aRow));
            s00 = a0.fma(b0, s00);
            FloatVector a1 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, left + i1 * aRow));
            s10 = a1.fma(b0, s10);
            FloatVector a2 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, left + i2 * aRow));
            s20 = a2.fma(b0, s20);
            FloatVector a3 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, left + i3 * aRow));
            s30 = a3.fma(b0, s30);
        }
        s00.intoMemorySegment(c, c0, ORDER);
        s10.intoMemorySegment(c, c1, ORDER);
        s20.intoMemorySegment(c, c2, ORDER);
        s30.intoMemorySegment(c, c3, ORDER);
    }

    private void width2(int i0, int i1, int i2, int i3) {
        long c0 = i0 * cRow + column;
        long c1 = i1 * cRow + column;
        long c2 = i2 * cRow + column;
        long c3 = i3 * cRow + column;
        FloatVector s00 = FloatVector.fromMemorySegment(FLOATS, c, c0, ORDER);
        FloatVector s01 = FloatVector.fromMemorySegment(FLOATS, c, c0 + BYTES, ORDER);
        FloatVector s10 = FloatVector.fromMemorySegment(FLOATS, c, c1, ORDER);
        FloatVector s11 = FloatVector.fromMemorySegment(FLOATS, c, c1 + BYTES, ORDER);
        FloatVector s20 = FloatVector.fromMemorySegment(FLOATS, c, c2, ORDER);
        FloatVector s21 = FloatVector.fromMemorySegment(FLOATS, c, c2 + BYTES, ORDER);
        FloatVector s30 = FloatVector.fromMemorySegment(FLOATS, c, c3, ORDER);
        FloatVector s31 = FloatVector.fromMemorySegment(FLOATS, c, c3 + BYTES, ORDER);
        for (int k = from; k < end; k++) {
            long at = k * bRow + column;
            FloatVector b0 = FloatVector.fromMemorySegment(FLOATS, b, at, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FLOATS, b, at + BYTES, ORDER);
            long left = k * aDepth;
            FloatVector a0 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, left + i0 * aRow));
            s00 = a0.fma(b0, s00);
            s01 = a0.fma(b1, s01);
            FloatVector a1 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, left + i1 * aRow));
            s10 = a1.fma(b0, s10);
            s11 = a1.fma(b1, s11);
            FloatVector a2 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, left + i2 * aRow));
            s20 = a2.fma(b0, s20);
            s21 = a2.fma(b1, s21);
            FloatVector a3 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, left + i3 * aRow));
            s30 = a3.fma(b0, s30);
            s31 = a3.fma(b1, s31);
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

    private void width4(int i0, int i1, int i2, int i3) {
        long c0 = i0 * cRow + column;
        long c1 = i1 * cRow + column;
        long c2 = i2 * cRow + column;
        long c3 = i3 * cRow + column;
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
            long at = k * bRow + column;
            FloatVector b0 = FloatVector.fromMemorySegment(FLOATS, b, at, ORDER);
            FloatVector b1 = FloatVector.fromMemorySegment(FLOATS, b, at + BYTES, ORDER);
            FloatVector b2 = FloatVector.fromMemorySegment(FLOATS, b, at + 2 * BYTES, ORDER);
            FloatVector b3 = FloatVector.fromMemorySegment(FLOATS, b, at + 3 * BYTES, ORDER);
            long left = k * aDepth;
            FloatVector a0 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, left + i0 * aRow));
            s00 = a0.fma(b0, s00);
            s01 = a0.fma(b1, s01);
            s02 = a0.fma(b2, s02);
            s03 = a0.fma(b3, s03);
            FloatVector a1 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, left + i1 * aRow));
            s10 = a1.fma(b0, s10);
            s11 = a1.fma(b1, s11);
            s12 = a1.fma(b2, s12);
            s13 = a1.fma(b3, s13);
            FloatVector a2 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, left + i2 * aRow));
            s20 = a2.fma(b0, s20);
            s21 = a2.fma(b1, s21);
            s22 = a2.fma(b2, s22);
            s23 = a2.fma(b3, s23);
            FloatVector a3 = FloatVector.broadcast(FLOATS, a.get(JAVA_FLOAT, left + i3 * aRow));
            s30 = a3.fma(b0, s30);
            s31 = a3.fma(b1, s31);
            s32 = a3.fma(b2, s32);
            s33 = a3.fma(b3, s33);
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
