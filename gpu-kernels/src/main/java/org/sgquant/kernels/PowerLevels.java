package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;

/** The arithmetic of one number in {@link PowerOps}, on exponent bits, and the checks of its operands. */
public final class PowerLevels {

    private static final int MANTISSA_BITS = 23;
    private static final int BIAS = 127;

    private PowerLevels() {}

    /** {@code 2^floor(log2(4/3 max))}: the highest level for weights up to {@code max}; 1 where they are all zero. */
    public static float top(float max) {
        return max > 0 && Float.isFinite(max) ? Math.scalb(1f, Math.clamp(exponent(max), -60, 120)) : 1;
    }

    /** n with {@code |x|} in {@code [3/4, 3/2) 2^n}: adding half to the mantissa carries where it is a half or more. */
    private static int exponent(float x) {
        int bits = Float.floatToRawIntBits(x) & 0x7fffffff;
        return ((bits + (1 << (MANTISSA_BITS - 1))) >> MANTISSA_BITS) - BIAS;
    }

    /** Code of the level nearest to {@code x}. */
    public static int code(float x, float top, int bits) {
        int powers = 1 << (bits - 2);
        int k = Math.max(exponent(top) - exponent(x), 0);
        float lowest = Math.scalb(top, 1 - powers);
        if (!(Math.abs(x) >= 0.5f * lowest)) {
            return 0;
        }
        return 2 * powers + (x < 0 ? powers : 0) + Math.min(k, powers - 1);
    }

    /** Level of a code. */
    public static float value(int code, float top, int bits) {
        int powers = 1 << (bits - 2);
        if (code < 2 * powers) {
            return 0;
        }
        float magnitude = Math.scalb(top, -(code & (powers - 1)));
        return (code & powers) == 0 ? magnitude : -magnitude;
    }

    /** x and out of one shape, top 1 x 1, a width of 2 to 8 bits. */
    public static void require(FloatMatrix x, FloatMatrix top, int bits, FloatMatrix out, String what) {
        FloatShapes.requireSame(x, out, what + ": out");
        top.requireShape(1, 1, what + ": top");
        requireWidth(bits);
    }

    /** Powers of two have a sign, a zero and an exponent to tell, in a width that is packed. */
    public static boolean takes(int bits) {
        return bits >= 2 && bits <= 8;
    }

    /** Refuses other widths. */
    public static void requireWidth(int bits) {
        if (!takes(bits)) {
            throw new IllegalArgumentException("powers of two take 2 to 8 bits, got " + bits);
        }
    }
}
