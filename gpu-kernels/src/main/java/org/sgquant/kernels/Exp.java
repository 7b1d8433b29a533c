package org.sgquant.kernels;

/**
 * {@code e^x} in binary32, the same bits in Java and in {@code sgq/exp.cuh}: packed inference may not depend on a
 * platform's library.
 *
 * <p>Numerics: {@code n = rint(x log2(e))}, {@code r = x - n ln(2)} with ln(2) in two constants (Cody and Waite), a
 * polynomial of degree 6 in r by Horner's rule, every step one fma, then times 2^n. Relative error below 1e-7. 0 below
 * -87, infinity above 88.7, NaN for NaN; {@code exp(0) = 1}.
 */
public final class Exp {

    private static final float LOG2_E = 0x1.715476p0f;

    /** ln(2) to 15 bits, so that {@code n * LN2_HIGH} is exact, and the rest. */
    private static final float LN2_HIGH = 0x1.62e4p-1f;

    private static final float LN2_LOW = 0x1.7f7d1cp-20f;

    /** Coefficients of r^6 down to r^0: least maximal relative error on [-ln(2)/2, ln(2)/2]. */
    private static final float[] COEFFICIENTS = {
        0x1.6a2352p-10f, 0x1.123a6cp-7f, 0x1.5558f4p-5f, 0x1.55549p-3f, 0x1.fffffcp-2f, 1, 1
    };

    private Exp() {}

    public static float exp(float x) {
        if (!(x >= -87)) {
            return Float.isNaN(x) ? x : 0;
        }
        if (x > 88.7f) {
            return Float.POSITIVE_INFINITY;
        }
        float n = (float) Math.rint(x * LOG2_E);
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
        float y = COEFFICIENTS[0];
        for (int k = 1; k < COEFFICIENTS.length; k++) {
            y = Math.fma(y, r, COEFFICIENTS[k]);
        }
        int half = (int) n >> 1;
        return y * power(half) * power((int) n - half);
    }

    /** 2^n for n in -126 .. 127; 2^128 and what lies below 2^-126 take two factors. */
    private static float power(int n) {
        return Float.intBitsToFloat((n + 127) << 23);
    }
}
