package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;

/**
 * Weights as sums of signs, {@code w = a_1 b_1 + ... + a_k b_k} with every b -1 or 1 and k coordinates {@code a >= 0}
 * per column, and their codes of k bits: bit i - 1 is 1 where b_i = 1.
 *
 * <p>Shapes: x, codes and out N x F; coordinates k x F, k from 1 to {@link MultibitLevels#MAX_PLANES}. Codes are whole
 * numbers in floats, as the packing of scale 1 and offset 0 takes them. Sources: Xu et al., ICLR 2018 (the alternation);
 * Qu et al., CVPR 2020 (ALQ, the form).
 */
public interface MultibitOps {

    /**
     * {@code coordinates = argmin over a >= 0 and signs b of sum (x - sum_i a_i b_i)^2} per column, by alternation:
     * from {@code a_i = mean |r|, b_i = sign r} of what is left of x, {@link MultibitLevels#ROUNDS} times the nearest
     * codes and then the least squares given the codes, coordinates descending.
     *
     * <p>Numerics: sums and least squares in double, rounded to float; a plane in the span of those before it gets 0, and
     * so does a column without rows. Sums may be added in another order on other backends. At k = 1 the result is the
     * mean magnitude, that of {@link Calibration#SIGN}.
     *
     * @throws NonFiniteException naming {@code tensor}, at the first NaN or infinity in row order
     */
    void calibrate(FloatMatrix x, String tensor, FloatMatrix coordinates);

    /**
     * {@code out = code of the level nearest to x}, the lowest of those equally near, distances in float32. {@code out}
     * may be {@code x}. Exact: the same bits on every backend. NaN has the code 0.
     */
    void encode(FloatMatrix x, FloatMatrix coordinates, FloatMatrix out);

    /**
     * {@code out = +-a_1 +- a_2 ... +- a_k}, signs those of the code, added in this order in float32; {@code out} may be
     * {@code codes}. Exact: the same bits on every backend.
     */
    void decode(FloatMatrix codes, FloatMatrix coordinates, FloatMatrix out);

    /** {@code out = level nearest to x}: what packing and unpacking give, bit for bit; {@code out} may be {@code x}. */
    default void fakeQuantize(FloatMatrix x, FloatMatrix coordinates, FloatMatrix out) {
        encode(x, coordinates, out);
        decode(out, coordinates, out);
    }
}
