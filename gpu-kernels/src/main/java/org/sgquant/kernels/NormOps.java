package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;

/**
 * Batch norm over the rows of a matrix and layer norm within each row, with their gradients.
 *
 * <p>{@code out} may be {@code x}, and {@code gradX} may be {@code gradY}. What inference uses, {@link #batchNorm} and
 * {@link #layerNorm}, gives the same bits on every backend.
 */
public interface NormOps {

    /** What is added to a variance before its root is taken. */
    float EPSILON = 1e-5f;

    /** Part of a running statistic that one batch replaces. */
    float MOMENTUM = 0.1f;

    /**
     * {@code moments = (mean_j, 1 / sqrt(var_j + 1e-5), scale_j, shift_j)}: mean and variance of column j over the rows of
     * x, row i counted {@code multiplicity_i} times, {@code scale = gamma / sqrt(var + 1e-5)} and
     * {@code shift = beta - mean scale}.
     *
     * <p>Shapes: x N x F with N at least 1, moments 4 x F. Running mean and variance r of {@code norm} become
     * {@code 0.9 r + 0.1 s}, s the mean and the variance times {@code total / max(total - 1, 1)}. Numerics: column sums
     * in chunks of 1024 rows; the variance from deviations. Source: Ioffe and Szegedy, ICML 2015.
     *
     * @param multiplicity how often each row counts, null for once
     */
    void batchNormMoments(FloatMatrix x, Multiplicity multiplicity, BatchNorm norm, FloatMatrix moments);

    /** {@code out_ij = fma(x_ij, scale_j, shift_j)}. Shapes: x and out N x F, moments 4 x F as they were left. */
    void batchNormApply(FloatMatrix x, FloatMatrix moments, FloatMatrix out);

    /**
     * {@code out_ij = fma(x_ij, scale_j, shift_j)} with the running statistics:
     * {@code scale = gamma / sqrt(variance + 1e-5)} and {@code shift = fma(-mean, scale, beta)} in binary32.
     *
     * <p>Shapes: x and out N x F. The same bits on every backend.
     */
    void batchNorm(FloatMatrix x, BatchNorm norm, FloatMatrix out);

    /**
     * {@code gradGamma_j = sum_i g_ij z_ij} with {@code z = (x - mean) / sqrt(var + 1e-5)}; the gradient of beta is
     * {@link ElementwiseOps#sumRows} of g. Shapes: x and gradY N x F, moments 4 x F, gradGamma 1 x F.
     */
    void batchNormGradGamma(FloatMatrix x, FloatMatrix moments, FloatMatrix gradY, FloatMatrix gradGamma);

    /**
     * {@code gradX_ij = scale_j (g_ij - multiplicity_i / total (gradBeta_j + z_ij gradGamma_j))}, the gradient of
     * {@link #batchNormApply} through the moments too, g_ij being that of all rows which row i stands for.
     *
     * <p>Shapes: x, gradY, gradX N x F, moments 4 x F, gradGamma and gradBeta 1 x F.
     */
    void batchNormBackward(
            FloatMatrix x,
            Multiplicity multiplicity,
            FloatMatrix moments,
            FloatMatrix gradY,
            FloatMatrix gradGamma,
            FloatMatrix gradBeta,
            FloatMatrix gradX);

    /**
     * {@code out_ij = fma(gamma_j, z_ij, beta_j)} with {@code z = (x - mean_i) / sqrt(var_i + 1e-5)}, mean and variance of
     * row i taken over its columns.
     *
     * <p>Shapes: x and out N x F, gamma and beta 1 x F. Numerics: mean, variance and z in double, columns ascending,
     * {@code z = (x - mean) * (1 / sqrt(var + 1e-5))} rounded to float: the same bits on every backend. Source: Ba, Kiros
     * and Hinton, 2016.
     */
    void layerNorm(FloatMatrix x, FloatMatrix gamma, FloatMatrix beta, FloatMatrix out);

    /** {@code gradGamma_j = sum_i g_ij z_ij}. Shapes: x and gradY N x F, gradGamma 1 x F. */
    void layerNormGradGamma(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradGamma);

    /**
     * {@code gradX_ij = (h_ij - mean_j(h_i) - z_ij mean_j(h_i z_i)) / sqrt(var_i + 1e-5)} with {@code h_ij = gamma_j g_ij}.
     *
     * <p>Shapes: x, gradY, gradX N x F, gamma 1 x F.
     */
    void layerNormBackward(FloatMatrix x, FloatMatrix gamma, FloatMatrix gradY, FloatMatrix gradX);
}
