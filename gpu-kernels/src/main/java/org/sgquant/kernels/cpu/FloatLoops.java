package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.sgquant.kernels.cpu.Vectors.BYTES;
import static org.sgquant.kernels.cpu.Vectors.FLOATS;
import static org.sgquant.kernels.cpu.Vectors.INTS;
import static org.sgquant.kernels.cpu.Vectors.LANES;
import static org.sgquant.kernels.cpu.Vectors.LINE;
import static org.sgquant.kernels.cpu.Vectors.LINE_BYTES;
import static org.sgquant.kernels.cpu.Vectors.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.kernels.AdamStep;
import org.sgquant.kernels.CounterRandom;
import org.sgquant.tensor.FloatMatrix;

/** Vector loops of {@link CpuElementwiseOps} over cache lines or rows [from, to), padding included. */
final class FloatLoops {

    private FloatLoops() {}

    static void add(MemorySegment a, MemorySegment b, MemorySegment out, int from, int to) {
        for (long at = from * LINE_BYTES; at < to * LINE_BYTES; at += BYTES) {
            FloatVector.fromMemorySegment(FLOATS, a, at, ORDER)
                    .add(FloatVector.fromMemorySegment(FLOATS, b, at, ORDER))
                    .intoMemorySegment(out, at, ORDER);
        }
    }

    static void relu(MemorySegment x, MemorySegment out, int from, int to) {
        for (long at = from * LINE_BYTES; at < to * LINE_BYTES; at += BYTES) {
            FloatVector.fromMemorySegment(FLOATS, x, at, ORDER).max(0).intoMemorySegment(out, at, ORDER);
        }
    }

    static void reluBackward(MemorySegment y, MemorySegment gradY, MemorySegment gradX, int from, int to) {
        for (long at = from * LINE_BYTES; at < to * LINE_BYTES; at += BYTES) {
            VectorMask<Float> passes =
                    FloatVector.fromMemorySegment(FLOATS, y, at, ORDER).compare(VectorOperators.GT, 0);
            FloatVector.zero(FLOATS)
                    .blend(FloatVector.fromMemorySegment(FLOATS, gradY, at, ORDER), passes)
                    .intoMemorySegment(gradX, at, ORDER);
        }
    }

    static void clipBackward(MemorySegment x, MemorySegment gradY, MemorySegment gradX, int from, int to) {
        for (long at = from * LINE_BYTES; at < to * LINE_BYTES; at += BYTES) {
            VectorMask<Float> passes =
                    FloatVector.fromMemorySegment(FLOATS, x, at, ORDER).abs().compare(VectorOperators.LE, 1);
            FloatVector.zero(FLOATS)
                    .blend(FloatVector.fromMemorySegment(FLOATS, gradY, at, ORDER), passes)
                    .intoMemorySegment(gradX, at, ORDER);
        }
    }

    /** Rows [from, to). */
    static void scaleRows(FloatMatrix x, MemorySegment factor, FloatMatrix out, int from, int to) {
        MemorySegment source = x.data();
        MemorySegment target = out.data();
        for (int i = from; i < to; i++) {
            FloatVector f = FloatVector.broadcast(FLOATS, factor.get(JAVA_FLOAT, 4L * i));
            for (long at = x.rowOffset(i); at < x.rowOffset(i + 1); at += BYTES) {
                FloatVector.fromMemorySegment(FLOATS, source, at, ORDER).mul(f).intoMemorySegment(target, at, ORDER);
            }
        }
    }

    /** Rows [from, to). */
    static void addBias(FloatMatrix x, MemorySegment bias, FloatMatrix out, int from, int to) {
        MemorySegment source = x.data();
        MemorySegment target = out.data();
        long rowBytes = Vectors.rowBytes(x);
        for (int i = from; i < to; i++) {
            long row = x.rowOffset(i);
            for (long j = 0; j < rowBytes; j += BYTES) {
                FloatVector.fromMemorySegment(FLOATS, source, row + j, ORDER)
                        .add(FloatVector.fromMemorySegment(FLOATS, bias, j, ORDER))
                        .intoMemorySegment(target, row + j, ORDER);
            }
        }
    }

    /** {@code out_row = sum of rows [from, to) of x}, ascending from 0. */
    static void sumRows(FloatMatrix x, int from, int to, FloatMatrix out, int row) {
        MemorySegment source = x.data();
        MemorySegment target = out.data();
        long start = out.rowOffset(row);
        long rowBytes = Vectors.rowBytes(x);
        target.asSlice(start, rowBytes).fill((byte) 0);
        for (int i = from; i < to; i++) {
            long at = x.rowOffset(i);
            for (long j = 0; j < rowBytes; j += BYTES) {
                FloatVector.fromMemorySegment(FLOATS, target, start + j, ORDER)
                        .add(FloatVector.fromMemorySegment(FLOATS, source, at + j, ORDER))
                        .intoMemorySegment(target, start + j, ORDER);
            }
        }
    }

    /** Lines [from, to); {@link CounterRandom#bits} of a line's elements at once. */
    static void dropout(FloatMatrix x, long key, float rate, FloatMatrix out, int from, int to) {
        MemorySegment source = x.data();
        MemorySegment target = out.data();
        int threshold = CounterRandom.threshold(rate);
        float factor = 1f / (1f - rate);
        int linesPerRow = x.stride() / LINE;
        IntVector lanes = IntVector.zero(INTS).addIndex(1);
        for (int line = from; line < to; line++) {
            int index = line / linesPerRow * x.cols() + line % linesPerRow * LINE;
            for (int j = 0; j < LINE; j += LANES) {
                VectorMask<Float> keep = RandomLanes.bits24(key, lanes.add(index + j))
                        .compare(VectorOperators.GE, threshold)
                        .cast(FLOATS);
                long at = line * LINE_BYTES + (long) j * Float.BYTES;
                FloatVector kept =
                        FloatVector.fromMemorySegment(FLOATS, source, at, ORDER).mul(factor);
                FloatVector.zero(FLOATS).blend(kept, keep).intoMemorySegment(target, at, ORDER);
            }
        }
    }

    /** Lines [from, to) of all four. */
    static void adam(
            MemorySegment p,
            MemorySegment grad,
            MemorySegment m,
            MemorySegment v,
            float weightDecay,
            AdamStep step,
            int from,
            int to) {
        float b1 = (float) AdamStep.BETA1;
        float b2 = (float) AdamStep.BETA2;
        float rest1 = (float) (1 - AdamStep.BETA1);
        float rest2 = (float) (1 - AdamStep.BETA2);
        float rate = (float) step.rate();
        float correction2 = (float) step.correction2();
        FloatVector decay = FloatVector.broadcast(FLOATS, weightDecay);
        for (long at = from * LINE_BYTES; at < to * LINE_BYTES; at += BYTES) {
            FloatVector old = FloatVector.fromMemorySegment(FLOATS, p, at, ORDER);
            FloatVector g = old.fma(decay, FloatVector.fromMemorySegment(FLOATS, grad, at, ORDER));
            FloatVector newM =
                    FloatVector.fromMemorySegment(FLOATS, m, at, ORDER).mul(b1).add(g.mul(rest1));
            FloatVector newV = FloatVector.fromMemorySegment(FLOATS, v, at, ORDER)
                    .mul(b2)
                    .add(g.mul(g).mul(rest2));
            FloatVector root = newV.mul(correction2).sqrt().add((float) AdamStep.EPSILON);
            newM.intoMemorySegment(m, at, ORDER);
            newV.intoMemorySegment(v, at, ORDER);
            old.sub(newM.mul(rate).div(root)).intoMemorySegment(p, at, ORDER);
        }
    }
}
