package org.sgquant.tensor;

/**
 * Scale and offset of one block: {@code x ~ fma(scale, code, offset)}.
 *
 * <p>Shapes: both 1 x n, n = 1 (tensor, bucket), the block's columns, or the block's rows; 2 for row codes, whose
 * second scale is their unit ({@link RowScale}). A constant range keeps
 * scale 1 and code 0, so that it is exact.
 */
public record QuantParams(FloatMatrix scale, FloatMatrix offset) {

    public QuantParams {
        offset.requireShape(1, scale.cols(), "QuantParams: offset");
    }

    public static QuantParams allocate(Memory memory, int n) {
        return new QuantParams(FloatMatrix.allocate(memory, 1, n), FloatMatrix.allocate(memory, 1, n));
    }

    /**
     * Sets entry {@code i} to the range [lo, hi] cut into {@code steps}: {@code offset = lo, scale = (hi - lo) / steps}.
     *
     * <p>Numerics: in double, then rounded to float and kept within the positive finite floats, so that dividing by the
     * scale never gives NaN; a zero range gives scale 1. On host memory only.
     */
    public void setRange(int i, double lo, double hi, double steps) {
        double span = hi - lo;
        float rounded = (float) (span / steps);
        offset.set(0, i, (float) lo);
        scale.set(0, i, span == 0 ? 1 : Math.min(Math.max(rounded, Float.MIN_VALUE), Float.MAX_VALUE));
    }

    /** Bytes of both without padding, as they are stored. */
    public long bytes() {
        return 2L * scale.cols() * Float.BYTES;
    }
}
