package org.sgquant.kernels.cpu;

import static org.sgquant.kernels.cpu.Vectors.BYTES;
import static org.sgquant.kernels.cpu.Vectors.FLOATS;
import static org.sgquant.kernels.cpu.Vectors.LINE_BYTES;
import static org.sgquant.kernels.cpu.Vectors.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** LeakyReLU and ELU with their gradients over cache lines [from, to), padding included. */
final class ActivationLoops {

    private ActivationLoops() {}

    static void leakyRelu(MemorySegment x, float slope, MemorySegment out, int from, int to) {
        for (long at = from * LINE_BYTES; at < to * LINE_BYTES; at += BYTES) {
            FloatVector v = load(x, at);
            v.mul(slope).blend(v, v.compare(VectorOperators.GT, 0)).intoMemorySegment(out, at, ORDER);
        }
    }

    static void leakyReluBackward(
            MemorySegment y, float slope, MemorySegment gradY, MemorySegment gradX, int from, int to) {
        for (long at = from * LINE_BYTES; at < to * LINE_BYTES; at += BYTES) {
            FloatVector g = load(gradY, at);
            g.mul(slope).blend(g, load(y, at).compare(VectorOperators.GT, 0)).intoMemorySegment(gradX, at, ORDER);
        }
    }

    static void elu(MemorySegment x, MemorySegment out, int from, int to) {
        for (long at = from * LINE_BYTES; at < to * LINE_BYTES; at += BYTES) {
            FloatVector v = load(x, at);
            ExpLanes.exp(v).sub(1).blend(v, v.compare(VectorOperators.GT, 0)).intoMemorySegment(out, at, ORDER);
        }
    }

    static void eluBackward(MemorySegment y, MemorySegment gradY, MemorySegment gradX, int from, int to) {
        for (long at = from * LINE_BYTES; at < to * LINE_BYTES; at += BYTES) {
            FloatVector v = load(y, at);
            FloatVector g = load(gradY, at);
            g.mul(v.add(1)).blend(g, v.compare(VectorOperators.GT, 0)).intoMemorySegment(gradX, at, ORDER);
        }
    }

    private static FloatVector load(MemorySegment x, long at) {
        return FloatVector.fromMemorySegment(FLOATS, x, at, ORDER);
    }
}
