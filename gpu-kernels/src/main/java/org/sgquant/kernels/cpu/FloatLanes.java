package org.sgquant.kernels.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.tensor.FloatFormat;

/** {@link FloatFormat} a vector at a time: values {@code t} are those divided by the scale of their block. */
final class FloatLanes {

    /** Adding and subtracting 2^23 rounds a float in [0, 2^22] to an integer, half to even. */
    private static final float ROUND = 0x1p23f;

    private static final int MANTISSA = Float.PRECISION - 1;
    private static final int EXPONENT_MASK = 0xff << MANTISSA;
    private static final int SIGN = 1 << (Integer.SIZE - 1);

    private final int mantissaBits;
    private final int signBit;
    private final float largest;
    private final float leastStep;

    /** Exponent field of the least normal value, as it stands in a float. */
    private final int leastField;

    FloatLanes(FloatFormat format) {
        mantissaBits = format.mantissaBits();
        signBit = format.signBit();
        largest = format.largest();
        leastStep = format.step(0);
        leastField = Float.floatToRawIntBits(Math.scalb(1f, format.leastExponent()));
    }

    /** The nearest value, half to even; NaN stays NaN. */
    FloatVector nearest(FloatVector t) {
        FloatVector magnitude = magnitude(t);
        FloatVector step = step(magnitude);
        return signed(magnitude.div(step).add(ROUND).sub(ROUND).mul(step), t);
    }

    /** The value below or above, above where {@code uniform} is less than the fraction; NaN stays NaN. */
    FloatVector stochastic(FloatVector t, FloatVector uniform) {
        FloatVector magnitude = magnitude(t);
        FloatVector step = step(magnitude);
        return signed(CpuQuantizer.randomlyRounded(magnitude.div(step), uniform).mul(step), t);
    }

    /** Where t is at most the largest value. */
    VectorMask<Float> inside(FloatVector t) {
        return t.abs().compare(VectorOperators.LE, largest);
    }

    /** Codes of the nearest values; t is no NaN. */
    IntVector codes(FloatVector t) {
        FloatVector magnitude = magnitude(t);
        FloatVector units = magnitude.div(step(magnitude)).add(ROUND);
        IntVector binade = field(magnitude).sub(leastField).lanewise(VectorOperators.LSHR, MANTISSA - mantissaBits);
        // Rounded up to the next power of two, the significand carries into the exponent.
        IntVector code = units.reinterpretAsInts().and(0xff).add(binade);
        IntVector sign = t.reinterpretAsInts().lanewise(VectorOperators.ASHR, Integer.SIZE - 1);
        return code.or(sign.and(signBit));
    }

    /** What codes stand for. */
    FloatVector values(IntVector codes) {
        IntVector magnitude = codes.and(signBit - 1);
        FloatVector normal = magnitude
                .lanewise(VectorOperators.LSHL, MANTISSA - mantissaBits)
                .add(leastField - (1 << MANTISSA))
                .reinterpretAsFloats();
        FloatVector subnormal = Lanes.floats(magnitude).mul(leastStep);
        VectorMask<Integer> low = magnitude.compare(VectorOperators.LT, 1 << mantissaBits);
        IntVector sign = codes.lanewise(VectorOperators.LSHL, Integer.numberOfLeadingZeros(signBit));
        return normal.blend(subnormal, low.cast(Lanes.FLOAT))
                .reinterpretAsInts()
                .or(sign.and(SIGN))
                .reinterpretAsFloats();
    }

    private FloatVector magnitude(FloatVector t) {
        return t.abs().min(largest);
    }

    private IntVector field(FloatVector magnitude) {
        return magnitude.reinterpretAsInts().and(EXPONENT_MASK).max(leastField);
    }

    /** Difference of neighbouring values about {@code magnitude}. */
    private FloatVector step(FloatVector magnitude) {
        return field(magnitude).sub(mantissaBits << MANTISSA).reinterpretAsFloats();
    }

    private static FloatVector signed(FloatVector magnitude, FloatVector t) {
        return magnitude.reinterpretAsInts().or(t.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
    }
}
