package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;

/**
 * Numbers from {0, +-2^n} and their codes: weights whose products are shifts.
 *
 * <p>At a width of q bits there are {@code 2^(q-2)} powers, from {@code top} downwards, each with both signs. Codes are
 * {@code 0} for zero, else {@code 2^(q-1) + 2^(q-2) [x < 0] + k} for {@code +-top 2^-k}; whole numbers in floats, as the
 * packing of scale 1 and offset 0 takes them. Exact: the same bits on every backend.
 * Source: Zhou et al., ICLR 2017 (INQ), equations 1 to 4.
 */
public interface PowerOps {

    /**
     * {@code out = code of the level nearest to x}: {@code |x|} in {@code [3/4, 3/2) 2^n} becomes {@code 2^n}, what is
     * above the highest that one, and what is below half of the lowest 0.
     *
     * <p>Shapes: x and out N x F, which may be one; top 1 x 1, a power of two from 2^-60 to 2^120; q from 2 to 8. NaN has the code 0.
     */
    void encodePowers(FloatMatrix x, FloatMatrix top, int bits, FloatMatrix out);

    /** {@code out = level of the code}, undoing {@link #encodePowers}; {@code out} may be {@code codes}. */
    void decodePowers(FloatMatrix codes, FloatMatrix top, int bits, FloatMatrix out);

    /** {@code out = frozen is NaN ? out : frozen}: entries that training must not move are put back. */
    void hold(FloatMatrix frozen, FloatMatrix out);
}
