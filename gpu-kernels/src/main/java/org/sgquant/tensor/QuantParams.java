package org.sgquant.tensor;

/**
 * Scale and offset of one block: {@code x ~ fma(scale, code, offset)}.
 *
 * <p>Shapes: both 1 x n, n = 1 (tensor, bucket), the block's columns, or the block's rows. A constant range keeps
 * scale 1 and code 0, so that it is exact.
 */
public record QuantParams(FloatMatrix scale, FloatMatrix offset) {

    public QuantParams {
        offset.requireShape(1, scale.cols(), "QuantParams: offset");
    }

    public static QuantParams allocate(Memory memory, int n) {
        return new QuantParams(FloatMatrix.allocate(memory, 1, n), FloatMatrix.allocate(memory, 1, n));
    }

    /** Bytes of both without padding, as they are stored. */
    public long bytes() {
        return 2L * scale.cols() * Float.BYTES;
    }
}
