package org.sgquant.perf.fbgemm;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;

/**
 * {@code out_i = sum over edges of (offset_j + scale_j * code_j)} over {@link FusedRows}, eight vectors of columns at a
 * time, which stay in registers over all edges of a row. Offsets summed apart would save an addition, and lose digits:
 * sums of codes alone are large.
 */
final class DequantizeKernel {

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTS = FLOATS.withLanes(int.class);

    /** Bytes that widen to one vector of ints; where that is less than 64 bits, the upper ones are ignored. */
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, FLOATS.vectorBitSize() / 4)));

    static final int LANES = FLOATS.length();

    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int BLOCK = FusedRows.BLOCK_VECTORS;

    private final MemorySegment rowPtr;
    private final MemorySegment colIdx;
    private final MemorySegment x;
    private final int bits;
    private final long stride;
    private final long scaleAt;
    private final FloatMatrix out;
    private final float[] sums = new float[BLOCK * LANES];

    DequantizeKernel(CsrGraph graph, FusedRows rows, FloatMatrix out) {
        this.rowPtr = graph.rowPtr().data();
        this.colIdx = graph.colIdx().data();
        this.x = rows.data();
        this.bits = rows.bits();
        this.stride = rows.stride();
        this.scaleAt = rows.codeBytes();
        this.out = out;
    }

    /** Rows [from, to). */
    void rows(int from, int to) {
        for (int i = from; i < to; i++) {
            int begin = rowPtr.get(JAVA_INT, 4L * i);
            int end = rowPtr.get(JAVA_INT, 4L * i + 4);
            for (int c = 0; c < out.cols(); c += sums.length) {
                long first = (long) c * bits / 8;
                switch (bits) {
                    case 8 -> sum8(begin, end, first);
                    case 4 -> sum4(begin, end, first);
                    case 2 -> sum2(begin, end, first);
                    default -> sum1(begin, end, first);
                }
                long target = out.rowOffset(i) + (long) c * Float.BYTES;
                int count = Math.min(sums.length, out.cols() - c);
                MemorySegment.copy(sums, 0, out.data(), JAVA_FLOAT_UNALIGNED, target, count);
            }
        }
    }

    private void sum8(int begin, int end, long first) {
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = FloatVector.zero(FLOATS);
        FloatVector s2 = FloatVector.zero(FLOATS);
        FloatVector s3 = FloatVector.zero(FLOATS);
        FloatVector s4 = FloatVector.zero(FLOATS);
        FloatVector s5 = FloatVector.zero(FLOATS);
        FloatVector s6 = FloatVector.zero(FLOATS);
        FloatVector s7 = FloatVector.zero(FLOATS);
        for (int e = begin; e < end; e++) {
            long row = colIdx.get(JAVA_INT, 4L * e) * stride;
            FloatVector scale = FloatVector.broadcast(FLOATS, x.get(JAVA_FLOAT_UNALIGNED, row + scaleAt));
            float offset = x.get(JAVA_FLOAT_UNALIGNED, row + scaleAt + Float.BYTES);
            long at = row + first;
            IntVector v = (IntVector)
                    ByteVector.fromMemorySegment(BYTES, x, at, ORDER).convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s0 = ((FloatVector) v.convertShape(I2F, FLOATS, 0)).fma(scale, s0.add(offset));
            v = (IntVector)
                    ByteVector.fromMemorySegment(BYTES, x, at + LANES, ORDER).convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s1 = ((FloatVector) v.convertShape(I2F, FLOATS, 0)).fma(scale, s1.add(offset));
            v = (IntVector) ByteVector.fromMemorySegment(BYTES, x, at + 2L * LANES, ORDER)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s2 = ((FloatVector) v.convertShape(I2F, FLOATS, 0)).fma(scale, s2.add(offset));
            v = (IntVector) ByteVector.fromMemorySegment(BYTES, x, at + 3L * LANES, ORDER)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s3 = ((FloatVector) v.convertShape(I2F, FLOATS, 0)).fma(scale, s3.add(offset));
            v = (IntVector) ByteVector.fromMemorySegment(BYTES, x, at + 4L * LANES, ORDER)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s4 = ((FloatVector) v.convertShape(I2F, FLOATS, 0)).fma(scale, s4.add(offset));
            v = (IntVector) ByteVector.fromMemorySegment(BYTES, x, at + 5L * LANES, ORDER)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s5 = ((FloatVector) v.convertShape(I2F, FLOATS, 0)).fma(scale, s5.add(offset));
            v = (IntVector) ByteVector.fromMemorySegment(BYTES, x, at + 6L * LANES, ORDER)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s6 = ((FloatVector) v.convertShape(I2F, FLOATS, 0)).fma(scale, s6.add(offset));
            v = (IntVector) ByteVector.fromMemorySegment(BYTES, x, at + 7L * LANES, ORDER)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s7 = ((FloatVector) v.convertShape(I2F, FLOATS, 0)).fma(scale, s7.add(offset));
        }
        s0.intoArray(sums, 0);
        s1.intoArray(sums, LANES);
        s2.intoArray(sums, 2 * LANES);
        s3.intoArray(sums, 3 * LANES);
        s4.intoArray(sums, 4 * LANES);
        s5.intoArray(sums, 5 * LANES);
        s6.intoArray(sums, 6 * LANES);
        s7.intoArray(sums, 7 * LANES);
    }

    private void sum4(int begin, int end, long first) {
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = FloatVector.zero(FLOATS);
        FloatVector s2 = FloatVector.zero(FLOATS);
        FloatVector s3 = FloatVector.zero(FLOATS);
        FloatVector s4 = FloatVector.zero(FLOATS);
        FloatVector s5 = FloatVector.zero(FLOATS);
        FloatVector s6 = FloatVector.zero(FLOATS);
        FloatVector s7 = FloatVector.zero(FLOATS);
        for (int e = begin; e < end; e++) {
            long row = colIdx.get(JAVA_INT, 4L * e) * stride;
            FloatVector scale = FloatVector.broadcast(FLOATS, x.get(JAVA_FLOAT_UNALIGNED, row + scaleAt));
            float offset = x.get(JAVA_FLOAT_UNALIGNED, row + scaleAt + Float.BYTES);
            long at = row + first;
            IntVector v = (IntVector)
                    ByteVector.fromMemorySegment(BYTES, x, at, ORDER).convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s0 = ((FloatVector) v.and(15).convertShape(I2F, FLOATS, 0)).fma(scale, s0.add(offset));
            s1 = ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, FLOATS, 0)).fma(scale, s1.add(offset));
            v = (IntVector)
                    ByteVector.fromMemorySegment(BYTES, x, at + LANES, ORDER).convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s2 = ((FloatVector) v.and(15).convertShape(I2F, FLOATS, 0)).fma(scale, s2.add(offset));
            s3 = ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, FLOATS, 0)).fma(scale, s3.add(offset));
            v = (IntVector) ByteVector.fromMemorySegment(BYTES, x, at + 2L * LANES, ORDER)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s4 = ((FloatVector) v.and(15).convertShape(I2F, FLOATS, 0)).fma(scale, s4.add(offset));
            s5 = ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, FLOATS, 0)).fma(scale, s5.add(offset));
            v = (IntVector) ByteVector.fromMemorySegment(BYTES, x, at + 3L * LANES, ORDER)
                    .convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s6 = ((FloatVector) v.and(15).convertShape(I2F, FLOATS, 0)).fma(scale, s6.add(offset));
            s7 = ((FloatVector) v.lanewise(LSHR, 4).convertShape(I2F, FLOATS, 0)).fma(scale, s7.add(offset));
        }
        s0.intoArray(sums, 0);
        s1.intoArray(sums, LANES);
        s2.intoArray(sums, 2 * LANES);
        s3.intoArray(sums, 3 * LANES);
        s4.intoArray(sums, 4 * LANES);
        s5.intoArray(sums, 5 * LANES);
        s6.intoArray(sums, 6 * LANES);
        s7.intoArray(sums, 7 * LANES);
    }

    private void sum2(int begin, int end, long first) {
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = FloatVector.zero(FLOATS);
        FloatVector s2 = FloatVector.zero(FLOATS);
        FloatVector s3 = FloatVector.zero(FLOATS);
        FloatVector s4 = FloatVector.zero(FLOATS);
        FloatVector s5 = FloatVector.zero(FLOATS);
        FloatVector s6 = FloatVector.zero(FLOATS);
        FloatVector s7 = FloatVector.zero(FLOATS);
        for (int e = begin; e < end; e++) {
            long row = colIdx.get(JAVA_INT, 4L * e) * stride;
            FloatVector scale = FloatVector.broadcast(FLOATS, x.get(JAVA_FLOAT_UNALIGNED, row + scaleAt));
            float offset = x.get(JAVA_FLOAT_UNALIGNED, row + scaleAt + Float.BYTES);
            long at = row + first;
            IntVector v = (IntVector)
                    ByteVector.fromMemorySegment(BYTES, x, at, ORDER).convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s0 = ((FloatVector) v.and(3).convertShape(I2F, FLOATS, 0)).fma(scale, s0.add(offset));
            s1 = ((FloatVector) v.lanewise(LSHR, 2).and(3).convertShape(I2F, FLOATS, 0)).fma(scale, s1.add(offset));
            s2 = ((FloatVector) v.lanewise(LSHR, 4).and(3).convertShape(I2F, FLOATS, 0)).fma(scale, s2.add(offset));
            s3 = ((FloatVector) v.lanewise(LSHR, 6).convertShape(I2F, FLOATS, 0)).fma(scale, s3.add(offset));
            v = (IntVector)
                    ByteVector.fromMemorySegment(BYTES, x, at + LANES, ORDER).convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s4 = ((FloatVector) v.and(3).convertShape(I2F, FLOATS, 0)).fma(scale, s4.add(offset));
            s5 = ((FloatVector) v.lanewise(LSHR, 2).and(3).convertShape(I2F, FLOATS, 0)).fma(scale, s5.add(offset));
            s6 = ((FloatVector) v.lanewise(LSHR, 4).and(3).convertShape(I2F, FLOATS, 0)).fma(scale, s6.add(offset));
            s7 = ((FloatVector) v.lanewise(LSHR, 6).convertShape(I2F, FLOATS, 0)).fma(scale, s7.add(offset));
        }
        s0.intoArray(sums, 0);
        s1.intoArray(sums, LANES);
        s2.intoArray(sums, 2 * LANES);
        s3.intoArray(sums, 3 * LANES);
        s4.intoArray(sums, 4 * LANES);
        s5.intoArray(sums, 5 * LANES);
        s6.intoArray(sums, 6 * LANES);
        s7.intoArray(sums, 7 * LANES);
    }

    private void sum1(int begin, int end, long first) {
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = FloatVector.zero(FLOATS);
        FloatVector s2 = FloatVector.zero(FLOATS);
        FloatVector s3 = FloatVector.zero(FLOATS);
        FloatVector s4 = FloatVector.zero(FLOATS);
        FloatVector s5 = FloatVector.zero(FLOATS);
        FloatVector s6 = FloatVector.zero(FLOATS);
        FloatVector s7 = FloatVector.zero(FLOATS);
        for (int e = begin; e < end; e++) {
            long row = colIdx.get(JAVA_INT, 4L * e) * stride;
            FloatVector scale = FloatVector.broadcast(FLOATS, x.get(JAVA_FLOAT_UNALIGNED, row + scaleAt));
            float offset = x.get(JAVA_FLOAT_UNALIGNED, row + scaleAt + Float.BYTES);
            long at = row + first;
            IntVector v = (IntVector)
                    ByteVector.fromMemorySegment(BYTES, x, at, ORDER).convertShape(ZERO_EXTEND_B2I, INTS, 0);
            s0 = ((FloatVector) v.and(1).convertShape(I2F, FLOATS, 0)).fma(scale, s0.add(offset));
            s1 = ((FloatVector) v.lanewise(LSHR, 1).and(1).convertShape(I2F, FLOATS, 0)).fma(scale, s1.add(offset));
            s2 = ((FloatVector) v.lanewise(LSHR, 2).and(1).convertShape(I2F, FLOATS, 0)).fma(scale, s2.add(offset));
            s3 = ((FloatVector) v.lanewise(LSHR, 3).and(1).convertShape(I2F, FLOATS, 0)).fma(scale, s3.add(offset));
            s4 = ((FloatVector) v.lanewise(LSHR, 4).and(1).convertShape(I2F, FLOATS, 0)).fma(scale, s4.add(offset));
            s5 = ((FloatVector) v.lanewise(LSHR, 5).and(1).convertShape(I2F, FLOATS, 0)).fma(scale, s5.add(offset));
            s6 = ((FloatVector) v.lanewise(LSHR, 6).and(1).convertShape(I2F, FLOATS, 0)).fma(scale, s6.add(offset));
            s7 = ((FloatVector) v.lanewise(LSHR, 7).convertShape(I2F, FLOATS, 0)).fma(scale, s7.add(offset));
        }
        s0.intoArray(sums, 0);
        s1.intoArray(sums, LANES);
        s2.intoArray(sums, 2 * LANES);
        s3.intoArray(sums, 3 * LANES);
        s4.intoArray(sums, 4 * LANES);
        s5.intoArray(sums, 5 * LANES);
        s6.intoArray(sums, 6 * LANES);
        s7.intoArray(sums, 7 * LANES);
    }
}
