package org.sgquant.tensor;

/**
 * Scales of {@link Granularity#ROW_CODE}: row j of a block has scale {@code s * c_j} and offset {@code o * c_j}, with an
 * integer code c_j from 1 to 255 that is kept in a byte beside the row.
 *
 * <p>So {@code x_j = c_j (s u + o)}, and a sum over rows is {@code s sum(c_j u_j) + o sum(c_j)}: integers but for the two
 * factors of the block. The block's {@link QuantParams} hold s and the unit of the codes as scale, o and 0 as offset; o
 * is 0 for non-negative data and {@code -s (2^q - 1) / 2} for symmetric data.
 */
public final class RowScale {

    /** Largest code of a row. */
    public static final int MAX_CODE = 255;

    private RowScale() {}

    /**
     * {@code c = min(max(ceil(largest / unit), 1), 255)} for a row whose largest magnitude is {@code largest}, in
     * binary32; at 1 bit rint instead of ceil.
     *
     * <p>Rounding up clips no value of the row. At 1 bit nothing lies above the one level that is not 0, so the nearest
     * code has the least error. A row of zeros gets 1.
     */
    public static int code(float largest, float unit, BitWidth bits) {
        float units = largest / unit;
        double rounded = bits == BitWidth.Q1 ? Math.rint(units) : Math.ceil(units);
        return (int) Math.min(Math.max(rounded, 1), MAX_CODE);
    }

    /** Code of row {@code r} of {@code x} in a block of {@code scheme}, NaN left out; 1 for other granularities. */
    public static int code(FloatMatrix x, int r, QuantScheme scheme, QuantScheme.Block block) {
        if (scheme.granularity() != Granularity.ROW_CODE || !block.bits().isInteger()) {
            return 1;
        }
        float largest = 0;
        for (int c = 0; c < scheme.cols(); c++) {
            float magnitude = Math.abs(x.get(r, c));
            largest = magnitude > largest ? magnitude : largest;
        }
        return code(largest, unit(block.params()), block.bits());
    }

    /** Magnitude of a row of code 1. */
    public static float unit(QuantParams params) {
        return params.scale().get(0, 1);
    }

    /** Unit of a block whose largest magnitude is {@code largest}: the 255th part, at least the least positive float. */
    public static float unitOf(float largest) {
        return largest == 0 ? 1 : Math.max((float) (largest / (double) MAX_CODE), Float.MIN_VALUE);
    }

    /**
     * Sets a block: a row of code c covers {@code [-k c unit, k c unit]} if symmetric, else {@code [0, k c unit]}, in
     * {@code steps} steps; k is {@code clip}. On host memory only.
     */
    public static void set(QuantParams params, boolean symmetric, float unit, double clip, double steps) {
        double high = clip * unit;
        params.setRange(0, symmetric ? -high : 0, high, steps);
        params.scale().set(0, 1, unit);
        params.offset().set(0, 1, 0);
    }

    /** What {@link #set} leaves for a block without values other than 0: scale and unit 1, offset 0. */
    public static void setZero(QuantParams params) {
        params.setRange(0, 0, 0, 1);
        params.scale().set(0, 1, 1);
        params.offset().set(0, 1, 0);
    }
}
