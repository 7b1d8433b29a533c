package org.sgquant.kernels;

/**
 * {@code e^x} in float32 by fused multiply-adds alone, the same bits on every backend; at most 0.9 ulp from exact.
 *
 * <p>{@code n = rint(x log2 e)}, {@code r = x - n ln 2} in two fma (the high part of ln 2 leaves no error), then
 * {@code 2^n (1 + r + r^2 (C2 + r C3 + ... + r^4 C6))} by Horner's rule, the power as two factors that never
 * overflow. Below -87 the result is 0, above 88.7 infinity, of NaN NaN. The constants are shared with the vector and
 * CUDA versions ({@code sgq/exp.cuh}). Sources: Cody and Waite, Software Manual for the Elementary Functions, 1980;
 * coefficients by a minimax fit of the relative error on +-ln(2)/2, 0.06 ulp before rounding.
 */
public final class Exp {

    /** Arguments below give 0. */
    public static final float LEAST = -87;

    /** Arguments above give infinity. */
    public static final float MOST = 88.7f;

    public static final float LOG2_E = 0x1.715476p0f;

    /** 1.5 * 2^23: adding it rounds to a whole number, which then stands in the low bits. */
    public static final float ROUND = 0x1.8p23f;

    public static final float LN2_HIGH = 0x1.62e43p-1f;
    public static final float LN2_LOW = -0x1.05c61p-29f;

    public static final float C2 = 0x1.fffffcp-2f;
    public static final float C3 = 0x1.555492p-3f;
    public static final float C4 = 0x1.5558f2p-5f;
    public static final float C5 = 0x1.1239e2p-7f;
    public static final float C6 = 0x1.6a2434p-10f;

    /** Exponent bias and position of float32: {@code (n + BIAS) << SHIFT} are the bits of 2^n. */
    public static final int BIAS = 127;

    public static final int SHIFT = 23;

    private Exp() {}

    /** {@code e^x}. */
    public static float exp(float x) {
        if (x < LEAST) {
            return 0;
        }
        if (x > MOST) {
            return Float.POSITIVE_INFINITY;
        }
        float shifted = Math.fma(x, LOG2_E, ROUND);
        float n = shifted - ROUND;
        float r = Math.fma(-n, LN2_LOW, Math.fma(-n, LN2_HIGH, x));
        float q = Math.fma(Math.fma(Math.fma(Math.fma(C6, r, C5), r, C4), r, C3), r, C2);
        float p = Math.fma(Math.fma(q, r, 1f), r, 1f);
        int power = Float.floatToRawIntBits(shifted) - Float.floatToRawIntBits(ROUND);
        int half = power >> 1;
        return p * powerOfTwo(half) * powerOfTwo(power - half);
    }

    private static float powerOfTwo(int n) {
        return Float.intBitsToFloat((n + BIAS) << SHIFT);
    }
}
