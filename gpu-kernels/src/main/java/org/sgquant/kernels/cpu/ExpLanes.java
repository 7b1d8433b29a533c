package org.sgquant.kernels.cpu;

import static org.sgquant.kernels.cpu.Vectors.FLOATS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.kernels.Exp;

/** {@link Exp} of every lane. */
final class ExpLanes {

    private static final int ROUND_BITS = Float.floatToRawIntBits(Exp.ROUND);

    private ExpLanes() {}

    /** {@code e^x}, the bits of {@link Exp#exp}. */
    static FloatVector exp(FloatVector x) {
        FloatVector shifted = x.fma(splat(Exp.LOG2_E), splat(Exp.ROUND));
        FloatVector minusN = splat(Exp.ROUND).sub(shifted);
        FloatVector r = minusN.fma(splat(Exp.LN2_LOW), minusN.fma(splat(Exp.LN2_HIGH), x));
        FloatVector q = splat(Exp.C6)
                .fma(r, splat(Exp.C5))
                .fma(r, splat(Exp.C4))
                .fma(r, splat(Exp.C3))
                .fma(r, splat(Exp.C2));
        FloatVector p = q.fma(r, splat(1)).fma(r, splat(1));
        IntVector power = shifted.reinterpretAsInts().sub(ROUND_BITS);
        IntVector half = power.lanewise(VectorOperators.ASHR, 1);
        FloatVector e = p.mul(powerOfTwo(half)).mul(powerOfTwo(power.sub(half)));
        return e.blend(0, x.lt(Exp.LEAST)).blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, Exp.MOST));
    }

    private static FloatVector splat(float x) {
        return FloatVector.broadcast(FLOATS, x);
    }

    private static FloatVector powerOfTwo(IntVector n) {
        return n.add(Exp.BIAS).lanewise(VectorOperators.LSHL, Exp.SHIFT).reinterpretAsFloats();
    }
}
