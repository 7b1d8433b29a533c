package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.sgquant.kernels.cpu.Vectors.BYTES;
import static org.sgquant.kernels.cpu.Vectors.FLOATS;
import static org.sgquant.kernels.cpu.Vectors.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.sgquant.kernels.Multiplicity;
import org.sgquant.tensor.FloatMatrix;

/** Vector loops of {@link CpuNormOps} over rows [from, to), padding included. */
final class NormLoops {

    private NormLoops() {}

    private static MemorySegment counts(Multiplicity multiplicity) {
        return multiplicity == null ? null : multiplicity.counts().data();
    }

    /** {@code sums_row += count_i * x_i}, rows ascending. */
    static void sum(FloatMatrix x, Multiplicity multiplicity, int from, int to, FloatMatrix sums, int row) {
        MemorySegment source = x.data();
        MemorySegment target = sums.data();
        MemorySegment counts = counts(multiplicity);
        long start = sums.rowOffset(row);
        long rowBytes = Vectors.rowBytes(x);
        for (int i = from; i < to; i++) {
            long at = x.rowOffset(i);
            FloatVector count = FloatVector.broadcast(FLOATS, counts == null ? 1 : counts.get(JAVA_FLOAT, 4L * i));
            for (long j = 0; j < rowBytes; j += BYTES) {
                FloatVector.fromMemorySegment(FLOATS, source, at + j, ORDER)
                        .fma(count, FloatVector.fromMemorySegment(FLOATS, target, start + j, ORDER))
                        .intoMemorySegment(target, start + j, ORDER);
            }
        }
    }

    /** {@code sums_row += count_i * (x_i - mean)^2}, rows ascending. */
    static void sumSquares(
            FloatMatrix x, Multiplicity multiplicity, FloatMatrix mean, int from, int to, FloatMatrix sums, int row) {
        MemorySegment source = x.data();
        MemorySegment center = mean.data();
        MemorySegment target = sums.data();
        MemorySegment counts = counts(multiplicity);
        long start = sums.rowOffset(row);
        long rowBytes = Vectors.rowBytes(x);
        for (int i = from; i < to; i++) {
            long at = x.rowOffset(i);
            FloatVector count = FloatVector.broadcast(FLOATS, counts == null ? 1 : counts.get(JAVA_FLOAT, 4L * i));
            for (long j = 0; j < rowBytes; j += BYTES) {
                FloatVector deviation = FloatVector.fromMemorySegment(FLOATS, source, at + j, ORDER)
                        .sub(FloatVector.fromMemorySegment(FLOATS, center, j, ORDER));
                deviation
                        .mul(count)
                        .fma(deviation, FloatVector.fromMemorySegment(FLOATS, target, start + j, ORDER))
                        .intoMemorySegment(target, start + j, ORDER);
            }
        }
    }

    /** {@code sums_row += gradY_i * (x_i - mean) * inverse}, rows ascending. */
    static void sumProducts(
            FloatMatrix x, FloatMatrix moments, FloatMatrix gradY, int from, int to, FloatMatrix sums, int row) {
        MemorySegment source = x.data();
        MemorySegment grad = gradY.data();
        MemorySegment moment = moments.data();
        MemorySegment target = sums.data();
        long start = sums.rowOffset(row);
        long rowBytes = Vectors.rowBytes(x);
        for (int i = from; i < to; i++) {
            long at = x.rowOffset(i);
            for (long j = 0; j < rowBytes; j += BYTES) {
                FloatVector.fromMemorySegment(FLOATS, source, at + j, ORDER)
                        .sub(FloatVector.fromMemorySegment(FLOATS, moment, j, ORDER))
                        .mul(FloatVector.fromMemorySegment(FLOATS, moment, rowBytes + j, ORDER))
                        .fma(
                                FloatVector.fromMemorySegment(FLOATS, grad, at + j, ORDER),
                                FloatVector.fromMemorySegment(FLOATS, target, start + j, ORDER))
                        .intoMemorySegment(target, start + j, ORDER);
            }
        }
    }

    /** {@code out = fma(x, scale, shift)}. */
    static void affine(FloatMatrix x, FloatMatrix scale, FloatMatrix shift, FloatMatrix out, int from, int to) {
        MemorySegment source = x.data();
        MemorySegment factor = scale.data();
        MemorySegment offset = shift.data();
        MemorySegment target = out.data();
        long rowBytes = Vectors.rowBytes(x);
        for (int i = from; i < to; i++) {
            long at = x.rowOffset(i);
            for (long j = 0; j < rowBytes; j += BYTES) {
                FloatVector.fromMemorySegment(FLOATS, source, at + j, ORDER)
                        .fma(
                                FloatVector.fromMemorySegment(FLOATS, factor, j, ORDER),
                                FloatVector.fromMemorySegment(FLOATS, offset, j, ORDER))
                        .intoMemorySegment(target, at + j, ORDER);
            }
        }
    }

    /** {@code gradX = scale (gradY - count_i part (gradBeta + z gradGamma))}, z the normalised x. */
    static void backward(
            FloatMatrix x,
            Multiplicity multiplicity,
            float part,
            FloatMatrix moments,
            FloatMatrix gradY,
            FloatMatrix gradGamma,
            FloatMatrix gradBeta,
            FloatMatrix gradX,
            int from,
            int to) {
        MemorySegment source = x.data();
        MemorySegment grad = gradY.data();
        MemorySegment moment = moments.data();
        MemorySegment gamma = gradGamma.data();
        MemorySegment beta = gradBeta.data();
        MemorySegment target = gradX.data();
        MemorySegment counts = counts(multiplicity);
        long rowBytes = Vectors.rowBytes(x);
        for (int i = from; i < to; i++) {
            long at = x.rowOffset(i);
            FloatVector share =
                    FloatVector.broadcast(FLOATS, counts == null ? -part : -part * counts.get(JAVA_FLOAT, 4L * i));
            for (long j = 0; j < rowBytes; j += BYTES) {
                FloatVector.fromMemorySegment(FLOATS, source, at + j, ORDER)
                        .sub(FloatVector.fromMemorySegment(FLOATS, moment, j, ORDER))
                        .mul(FloatVector.fromMemorySegment(FLOATS, moment, rowBytes + j, ORDER))
                        .fma(
                                FloatVector.fromMemorySegment(FLOATS, gamma, j, ORDER),
                                FloatVector.fromMemorySegment(FLOATS, beta, j, ORDER))
                        .fma(share, FloatVector.fromMemorySegment(FLOATS, grad, at + j, ORDER))
                        .mul(FloatVector.fromMemorySegment(FLOATS, moment, 2 * rowBytes + j, ORDER))
                        .intoMemorySegment(target, at + j, ORDER);
            }
        }
    }
}
