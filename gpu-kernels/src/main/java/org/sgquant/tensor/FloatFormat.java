package org.sgquant.tensor;

/**
 * {@code value = (-1)^s 2^(max(e, 1) - bias) (m / 2^M + [e > 0])}: a float of few bits s|e|m, bias = 2^(E-1) - 1, and the
 * power of two that {@link #BLOCK} of them in a row share.
 *
 * <p>Subnormals (e = 0) and both zeros are kept. Codes of magnitude above {@code topCode}, the infinities and NaNs of
 * E4M3 and E5M2, are never made: what is above the largest value becomes it.
 *
 * <p>The shared scale is {@code 2^(c - 127)}, c from 0 to 254 a byte (E8M0). Values are at most 2^127 (2 - 2^-M) and at
 * least 2^-143 apart, so that scale times value is exact in float32 for every pair that {@link #scaleCode} makes. Source:
 * OCP Microscaling Formats (MX) v1.0.
 *
 * @param topCode code of the largest finite value
 */
public record FloatFormat(int exponentBits, int mantissaBits, int topCode) {

    /** Columns of a row that share a scale. */
    public static final int BLOCK = 32;

    /** Code of the scale 1. */
    private static final int ONE = 127;

    private static final int FLOAT_MANTISSA = Float.PRECISION - 1;

    /** Exponent field of the largest floats; that of infinity is the next. */
    private static final int LAST_FIELD = 2 * Float.MAX_EXPONENT;

    /** Scales of a row of {@code cols} columns. */
    public static int scales(int cols) {
        return Math.ceilDiv(cols, BLOCK);
    }

    /** {@code 2^(code - 127)}. */
    public static float scale(int code) {
        return code == 0 ? 0x1p-127f : Float.intBitsToFloat(code << FLOAT_MANTISSA);
    }

    public int bias() {
        return (1 << (exponentBits - 1)) - 1;
    }

    /** Exponent of the least normal value, and of all subnormal ones. */
    public int leastExponent() {
        return 1 - bias();
    }

    /** Exponent of the largest value. */
    public int largestExponent() {
        return (topCode >> mantissaBits) - bias();
    }

    /** Largest value: 6, 28, 448, 57344 for E2M1, E3M2, E4M3, E5M2. */
    public float largest() {
        return value(topCode);
    }

    /** The bit of a code that is the sign. */
    public int signBit() {
        return 1 << (exponentBits + mantissaBits);
    }

    /** What {@code code} stands for before it is multiplied by the scale of its block. */
    public float value(int code) {
        int magnitude = code & (signBit() - 1);
        int exponent = Math.max(magnitude >> mantissaBits, 1);
        int significand = magnitude - ((exponent - 1) << mantissaBits);
        float value = Math.scalb((float) significand, exponent - bias() - mantissaBits);
        return magnitude == code ? value : -value;
    }

    /** Difference of neighbouring values about {@code t}, a power of two; of the largest values for what is above them. */
    public float step(float t) {
        int exponent = Math.getExponent(Math.min(Math.abs(t), largest()));
        return Math.scalb(1f, Math.max(exponent, leastExponent()) - mantissaBits);
    }

    /** Code of the value nearest to {@code t}, half to even, at most the largest; t is no NaN. */
    public int code(float t) {
        float magnitude = Math.min(Math.abs(t), largest());
        float step = step(t);
        int field = Math.getExponent(step) + mantissaBits - leastExponent();
        // Rounded up to the next power of two, the significand carries into the exponent.
        int code = (field << mantissaBits) + (int) Math.rint(magnitude / step);
        return Float.floatToRawIntBits(t) < 0 ? code | signBit() : code;
    }

    /**
     * Code of the least scale at which {@code largest}, the largest magnitude of a block, is nearer to the largest value than
     * to the power of two above that: {@code 127 + floor(log2 a) - largestExponent()}, a being {@code largest} rounded in this
     * way, half up.
     *
     * <p>Rounding down always, as the OCP text does, saturates up to a quarter of the largest value; rounding up always
     * wastes half of the range for a hair. Codes are kept from 0 on, of magnitudes so small that values are subnormal; no
     * block of finite values or infinities passes the largest float. A block of zeros has the scale 1.
     */
    public int scaleCode(float largest) {
        if (largest == 0) {
            return ONE;
        }
        int field = Math.min((Float.floatToRawIntBits(largest) + halfGap()) >>> FLOAT_MANTISSA, LAST_FIELD);
        return Math.max(field - largestExponent(), 0);
    }

    /** Half of what the largest significand lacks to 2, as bits of a float's mantissa. */
    public int halfGap() {
        int missing = (1 << mantissaBits) - (topCode & ((1 << mantissaBits) - 1));
        return missing << (FLOAT_MANTISSA - mantissaBits - 1);
    }
}
