package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.ShapeException;

/** Shape rules of {@link NormOps}, checked by every backend before it touches memory. */
public final class NormShapes {

    private NormShapes() {}

    /** x N x F with a row, counts 1 x N, norm of F columns, moments 4 x F. */
    public static void requireMoments(FloatMatrix x, Multiplicity multiplicity, BatchNorm norm, FloatMatrix moments) {
        if (x.rows() == 0) {
            throw new ShapeException("batchNormMoments: x has no row to take a mean of");
        }
        requireMultiplicity(x, multiplicity, "batchNormMoments");
        requireNorm(x, norm);
        moments.requireShape(4, x.cols(), "batchNormMoments: moments");
    }

    /** x and out N x F, moments 4 x F. */
    public static void requireApply(FloatMatrix x, FloatMatrix moments, FloatMatrix out) {
        moments.requireShape(4, x.cols(), "batchNormApply: moments");
        FloatShapes.requireSame(x, out, "batchNormApply: out");
    }

    /** x and out N x F, norm of F columns. */
    public static void requireNorm(FloatMatrix x, BatchNorm norm, FloatMatrix out) {
        requireNorm(x, norm);
        FloatShapes.requireSame(x, out, "batchNorm: out");
    }

    private static void requireNorm(FloatMatrix x, BatchNorm norm) {
        norm.gamma().requireShape(1, x.cols(), "batchNorm: gamma");
        norm.beta().requireShape(1, x.cols(), "batchNorm: beta");
        norm.mean().requireShape(1, x.cols(), "batchNorm: mean");
        norm.variance().requireShape(1, x.cols(), "batchNorm: variance");
    }

    /** x and gradY N x F, moments 4 x F, gradGamma 1 x F. */
    public static void requireGradGamma(FloatMatrix x, FloatMatrix moments, FloatMatrix gradY, FloatMatrix gradGamma) {
        moments.requireShape(4, x.cols(), "batchNormGradGamma: moments");
        FloatShapes.requireSame(x, gradY, "batchNormGradGamma: gradY");
        gradGamma.requireShape(1, x.cols(), "batchNormGradGamma: gradGamma");
    }

    /** x, gradY and gradX N x F, counts 1 x N, moments 4 x F, gradGamma and gradBeta 1 x F. */
    public static void requireBackward(
            FloatMatrix x,
            Multiplicity multiplicity,
            FloatMatrix moments,
            FloatMatrix gradY,
            FloatMatrix gradGamma,
            FloatMatrix gradBeta,
            FloatMatrix gradX) {
        requireMultiplicity(x, multiplicity, "batchNormBackward");
        moments.requireShape(4, x.cols(), "batchNormBackward: moments");
        FloatShapes.requireSame(x, gradY, "batchNormBackward: gradY");
        gradGamma.requireShape(1, x.cols(), "batchNormBackward: gradGamma");
        gradBeta.requireShape(1, x.cols(), "batchNormBackward: gradBeta");
        FloatShapes.requireSame(x, gradX, "batchNormBackward: gradX");
    }

    /** x and out N x F, gamma and beta 1 x F. */
    public static void requireLayerNorm(FloatMatrix x, FloatMatrix gamma, FloatMatrix beta, FloatMatrix out) {
        gamma.requireShape(1, x.cols(), "layerNorm: gamma");
        beta.requireShape(1, x.cols(), "layerNorm: beta");
        FloatShapes.requireSame(x, out, "layerNorm: out");
    }

    /** x and gradY N x F, gradGamma 1 x F. */
    public static void requireLayerNormGradGamma(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradGamma) {
        FloatShapes.requireSame(x, gradY, "layerNormGradGamma: gradY");
        gradGamma.requireShape(1, x.cols(), "layerNormGradGamma: gradGamma");
    }

    /** x, gradY and gradX N x F, gamma 1 x F. */
    public static void requireLayerNormBackward(
            FloatMatrix x, FloatMatrix gamma, FloatMatrix gradY, FloatMatrix gradX) {
        gamma.requireShape(1, x.cols(), "layerNormBackward: gamma");
        FloatShapes.requireSame(x, gradY, "layerNormBackward: gradY");
        FloatShapes.requireSame(x, gradX, "layerNormBackward: gradX");
    }

    private static void requireMultiplicity(FloatMatrix x, Multiplicity multiplicity, String operation) {
        if (multiplicity != null) {
            multiplicity.counts().requireShape(1, x.rows(), operation + ": counts");
        }
    }

    /** Rows that x stands for. */
    public static long total(FloatMatrix x, Multiplicity multiplicity) {
        return multiplicity == null ? x.rows() : multiplicity.total();
    }
}
