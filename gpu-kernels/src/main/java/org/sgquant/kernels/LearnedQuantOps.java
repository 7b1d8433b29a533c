package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.LearnedRanges;

/**
 * Fake quantization whose scales and offsets are trained: gradients and update.
 *
 * <p>With {@code t = (x - offset) / scale} and the code u, rounding counting as the identity,
 * {@code x' = scale * u + offset} has the derivatives {@code (1, u - t, 0)} by x, scale and offset inside
 * {@code 0 <= t <= 2^q - 1}, and {@code (0, u, 1)} outside. Blocks of 32 bits pass gradients through and learn nothing.
 * Sources: Esser et al., Learned Step Size Quantization, ICLR 2020, eq. 3; Bhalgat et al., LSQ+, CVPR Workshops 2020,
 * for the offset.
 */
public interface LearnedQuantOps {

    /**
     * {@code gradX = inside ? gradY : 0}, and per scale the sums over its elements of {@code gradY * (inside ? u - t : u)}
     * (scale) and {@code gradY * (inside ? 0 : 1)} (offset); {@code |gradY| * |x' - x|}, what quantization can change the
     * loss by to first order, is added to {@code ranges.error}, which thus sums over calls.
     *
     * <p>Shapes: x, gradY, gradX N x F as in the scheme, gradX may be gradY, or null where only the sums
     * are wanted; sums go to {@code ranges.gradient}.
     * Numerics: gradX exact; sums in an order that a backend never changes.
     */
    void backward(FloatMatrix x, LearnedRanges ranges, FloatMatrix gradY, FloatMatrix gradX);

    /**
     * Adds {@code |gradY| * |y - x|} over the packed elements of each scale to {@code ranges.error}, for a tensor x that is
     * quantized to y otherwise than by {@code ranges}, whose scales so have the gradient 0.
     *
     * <p>Shapes: x, y, gradY N x F as in the scheme. Numerics: sums in an order that a backend never changes.
     */
    void addError(FloatMatrix x, FloatMatrix y, LearnedRanges ranges, FloatMatrix gradY);

    /**
     * One Adam step on {@code ln scale} and {@code offset / scale}: {@code scale *= exp(-d)}, {@code offset -= scale * d'}
     * with the scale before the step, so that scales stay positive and a step does not depend on the units of x.
     *
     * <p>Gradients are {@code gradient * scale}, times {@link LearnedRanges#gradientScale}; d = rateFactor times the
     * Adam step of {@link ElementwiseOps#adam} at the learning rate and step number of {@code state}. Scales are kept
     * within the normal positive floats.
     */
    void step(LearnedRanges ranges, float rateFactor, StepState state);
}
