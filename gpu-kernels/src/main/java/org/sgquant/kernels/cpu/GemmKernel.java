package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * {@code c_i += sum over k in [from, end) of a_ik b_k} for rows of c and up to four vectors of its columns, which stay
 * in registers, four rows at a time.
 *
 * <p>a_ik stands at byte {@code i * aRow + k * aDepth}, so a may be transposed; rows of b and c start every
 * {@code bRow} and {@code cRow} bytes and are used from byte {@code column} on. {@code from == 0} starts from zero.
 * A last block of fewer than four rows repeats its last one.
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

    private FloatVector begin(long offset) {
        return from == 0 ? FloatVector.zero(Vectors.FLOATS) : Vectors.load(c, offset);
    }

    private FloatVector left(long offset) {
        return FloatVector.broadcast(Vectors.FLOATS, a.get(JAVA_FLOAT, offset));
    }

    private void width1(int i0, int i1, int i2, int i3) {
        long c0 = i0 * cRow + column;
        long c1 = i1 * cRow + column;
        long c2 = i2 * cRow + column;
        long c3 = i3 * cRow + column;
        FloatVector s0 = begin(c0);
        FloatVector s1 = begin(c1);
        FloatVector s2 = begin(c2);
        FloatVector s3 = begin(c3);
        for (int k = from; k < end; k++) {
            FloatVector right = Vectors.load(b, k * bRow + column);
            long at = k * aDepth;
            s0 = left(i0 * aRow + at).fma(right, s0);
            s1 = left(i1 * aRow + at).fma(right, s1);
            s2 = left(i2 * aRow + at).fma(right, s2);
            s3 = left(i3 * aRow + at).fma(right, s3);
        }
        Vectors.store(s0, c, c0);
        Vectors.store(s1, c, c1);
        Vectors.store(s2, c, c2);
        Vectors.store(s3, c, c3);
    }

    private void width2(int i0, int i1, int i2, int i3) {
        long next = Vectors.BYTES;
        long c0 = i0 * cRow + column;
        long c1 = i1 * cRow + column;
        long c2 = i2 * cRow + column;
        long c3 = i3 * cRow + column;
        FloatVector s00 = begin(c0);
        FloatVector s01 = begin(c0 + next);
        FloatVector s10 = begin(c1);
        FloatVector s11 = begin(c1 + next);
        FloatVector s20 = begin(c2);
        FloatVector s21 = begin(c2 + next);
        FloatVector s30 = begin(c3);
        FloatVector s31 = begin(c3 + next);
        for (int k = from; k < end; k++) {
            long bAt = k * bRow + column;
            FloatVector b0 = Vectors.load(b, bAt);
            FloatVector b1 = Vectors.load(b, bAt + next);
            long at = k * aDepth;
            FloatVector a0 = left(i0 * aRow + at);
            s00 = a0.fma(b0, s00);
            s01 = a0.fma(b1, s01);
            FloatVector a1 = left(i1 * aRow + at);
            s10 = a1.fma(b0, s10);
            s11 = a1.fma(b1, s11);
            FloatVector a2 = left(i2 * aRow + at);
            s20 = a2.fma(b0, s20);
            s21 = a2.fma(b1, s21);
            FloatVector a3 = left(i3 * aRow + at);
            s30 = a3.fma(b0, s30);
            s31 = a3.fma(b1, s31);
        }
        store2(s00, s01, c0);
        store2(s10, s11, c1);
        store2(s20, s21, c2);
        store2(s30, s31, c3);
    }

    private void width4(int i0, int i1, int i2, int i3) {
        long next = Vectors.BYTES;
        long c0 = i0 * cRow + column;
        long c1 = i1 * cRow + column;
        long c2 = i2 * cRow + column;
        long c3 = i3 * cRow + column;
        FloatVector s00 = begin(c0);
        FloatVector s01 = begin(c0 + next);
        FloatVector s02 = begin(c0 + 2 * next);
        FloatVector s03 = begin(c0 + 3 * next);
        FloatVector s10 = begin(c1);
        FloatVector s11 = begin(c1 + next);
        FloatVector s12 = begin(c1 + 2 * next);
        FloatVector s13 = begin(c1 + 3 * next);
        FloatVector s20 = begin(c2);
        FloatVector s21 = begin(c2 + next);
        FloatVector s22 = begin(c2 + 2 * next);
        FloatVector s23 = begin(c2 + 3 * next);
        FloatVector s30 = begin(c3);
        FloatVector s31 = begin(c3 + next);
        FloatVector s32 = begin(c3 + 2 * next);
        FloatVector s33 = begin(c3 + 3 * next);
        for (int k = from; k < end; k++) {
            long bAt = k * bRow + column;
            FloatVector b0 = Vectors.load(b, bAt);
            FloatVector b1 = Vectors.load(b, bAt + next);
            FloatVector b2 = Vectors.load(b, bAt + 2 * next);
            FloatVector b3 = Vectors.load(b, bAt + 3 * next);
            long at = k * aDepth;
            FloatVector a0 = left(i0 * aRow + at);
            s00 = a0.fma(b0, s00);
            s01 = a0.fma(b1, s01);
            s02 = a0.fma(b2, s02);
            s03 = a0.fma(b3, s03);
            FloatVector a1 = left(i1 * aRow + at);
            s10 = a1.fma(b0, s10);
            s11 = a1.fma(b1, s11);
            s12 = a1.fma(b2, s12);
            s13 = a1.fma(b3, s13);
            FloatVector a2 = left(i2 * aRow + at);
            s20 = a2.fma(b0, s20);
            s21 = a2.fma(b1, s21);
            s22 = a2.fma(b2, s22);
            s23 = a2.fma(b3, s23);
            FloatVector a3 = left(i3 * aRow + at);
            s30 = a3.fma(b0, s30);
            s31 = a3.fma(b1, s31);
            s32 = a3.fma(b2, s32);
            s33 = a3.fma(b3, s33);
        }
        store2(s00, s01, c0);
        store2(s02, s03, c0 + 2 * next);
        store2(s10, s11, c1);
        store2(s12, s13, c1 + 2 * next);
        store2(s20, s21, c2);
        store2(s22, s23, c2 + 2 * next);
        store2(s30, s31, c3);
        store2(s32, s33, c3 + 2 * next);
    }

    private void store2(FloatVector first, FloatVector second, long offset) {
        Vectors.store(first, c, offset);
        Vectors.store(second, c, offset + Vectors.BYTES);
    }
}
