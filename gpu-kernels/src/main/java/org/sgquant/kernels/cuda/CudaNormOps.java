package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.sgquant.kernels.BatchNorm;
import org.sgquant.kernels.Multiplicity;
import org.sgquant.kernels.NormOps;
import org.sgquant.kernels.NormShapes;
import org.sgquant.tensor.FloatMatrix;

/** {@link NormOps}: column sums in chunks of rows as those of {@link RowSums}, the rest element by element. */
final class CudaNormOps implements NormOps {

    /** Rows whose column sums are one term of a total. */
    private static final int SUM_CHUNK = 1024;

    private final Launcher launcher;

    CudaNormOps(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public void batchNormMoments(FloatMatrix x, Multiplicity multiplicity, BatchNorm norm, FloatMatrix moments) {
        NormShapes.requireMoments(x, multiplicity, norm, moments);
        double total = NormShapes.total(x, multiplicity);
        MemorySegment mean = row(moments, 0);
        sums(x, multiplicity, null, mean);
        String scaleMean = "batch_norm_mean_f32";
        launcher.kernel(scaleMean)
                .pointer(mean)
                .int32(x.cols())
                .float64(total)
                .run(launcher.blocks(scaleMean, x.cols()));
        sums(x, multiplicity, mean, row(moments, 1));
        String name = "batch_norm_moments_f32";
        launcher.kernel(name)
                .pointer(norm.gamma())
                .pointer(norm.beta())
                .pointer(norm.mean())
                .pointer(norm.variance())
                .pointer(moments)
                .int32(x.cols())
                .float64(total)
                .run(launcher.blocks(name, x.cols()));
    }

    @Override
    public void batchNormApply(FloatMatrix x, FloatMatrix moments, FloatMatrix out) {
        NormShapes.requireApply(x, moments, out);
        affine(x, row(moments, 2), out);
    }

    /** Column sums of x, or of squared deviations from {@code center}, each row counted as often as it stands for. */
    private void sums(FloatMatrix x, Multiplicity multiplicity, MemorySegment center, MemorySegment out) {
        String name = "batch_norm_sums_f32";
        int chunks = RowSums.chunks(x.rows(), SUM_CHUNK);
        MemorySegment sums = launcher.scratch("row sums", FloatMatrix.bytes(chunks, x.cols()));
        launcher.kernel(name)
                .pointer(x)
                .pointer(multiplicity == null ? null : multiplicity.counts())
                .pointer(center)
                .int32(x.rows())
                .int64(x.stride())
                .int32(SUM_CHUNK)
                .pointer(sums)
                .run(chunks, Math.toIntExact(launcher.blocks(name, x.stride())));
        RowSums.sum(launcher, sums, chunks, x.stride(), chunks, out);
    }

    /** {@code out = fma(x, first row of coefficients, second row)}. */
    private void affine(FloatMatrix x, MemorySegment coefficients, FloatMatrix out) {
        String name = "column_affine_f32";
        launcher.kernel(name)
                .pointer(x)
                .pointer(coefficients)
                .pointer(out)
                .int32(x.rows())
                .int32(x.cols())
                .run(launcher.blocks(name, Quads.ofRows(x)));
    }

    private static MemorySegment row(FloatMatrix m, int r) {
        return m.data().asSlice(m.rowOffset(r));
    }

    @Override
    public void batchNorm(FloatMatrix x, BatchNorm norm, FloatMatrix out) {
        NormShapes.requireNorm(x, norm, out);
        String name = "batch_norm_coefficients_f32";
        MemorySegment coefficients = launcher.scratch("batch norm", FloatMatrix.bytes(2, x.cols()));
        launcher.kernel(name)
                .pointer(norm.gamma())
                .pointer(norm.beta())
                .pointer(norm.mean())
                .pointer(norm.variance())
                .pointer(coefficients)
                .int32(x.cols())
                .run(launcher.blocks(name, x.cols()));
        affine(x, coefficients, out);
    }

    @Override
    public void batchNormBackward(
            FloatMatrix x,
            Multiplicity multiplicity,
            FloatMatrix moments,
            FloatMatrix gradY,
            FloatMatrix gradGamma,
            FloatMatrix gradBeta,
            FloatMatrix gradX) {
        NormShapes.requireBackward(x, multiplicity, moments, gradY, gradGamma, gradBeta, gradX);
        String name = "batch_norm_backward_f32";
        launcher.kernel(name)
                .pointer(x)
                .pointer(multiplicity == null ? null : multiplicity.counts())
                .float32((float) (1.0 / NormShapes.total(x, multiplicity)))
                .pointer(moments)
                .pointer(gradY)
                .pointer(gradGamma)
                .pointer(gradBeta)
                .pointer(gradX)
                .int32(x.rows())
                .int32(x.cols())
                .run(launcher.blocks(name, Quads.ofRows(x)));
    }

    @Override
    public void batchNormGradGamma(FloatMatrix x, FloatMatrix moments, FloatMatrix gradY, FloatMatrix gradGamma) {
        NormShapes.requireGradGamma(x, moments, gradY, gradGamma);
        String name = "batch_norm_products_f32";
        int chunks = RowSums.chunks(x.rows(), SUM_CHUNK);
        MemorySegment sums = launcher.scratch("row sums", FloatMatrix.bytes(chunks, x.cols()));
        launcher.kernel(name)
                .pointer(x)
                .pointer(moments)
                .pointer(gradY)
                .int32(x.rows())
                .int64(x.stride())
                .int32(SUM_CHUNK)
                .pointer(sums)
                .run(chunks, Math.toIntExact(launcher.blocks(name, x.stride())));
        RowSums.sum(launcher, sums, chunks, x.stride(), chunks, gradGamma.data());
    }

    @Override
    public void layerNorm(FloatMatrix x, FloatMatrix gamma, FloatMatrix beta, FloatMatrix out) {
        NormShapes.requireLayerNorm(x, gamma, beta, out);
        String name = "layer_norm_f32";
        launcher.kernel(name)
                .pointer(x)
                .pointer(gamma)
                .pointer(beta)
                .pointer(out)
                .int32(x.rows())
                .int32(x.cols())
                .run(launcher.blocks(name, x.rows()));
    }

    @Override
    public void layerNormGradGamma(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradGamma) {
        NormShapes.requireLayerNormGradGamma(x, gradY, gradGamma);
        String name = "layer_norm_products_f32";
        FloatMatrix products = FloatMatrix.view(launcher.scratch("layer norm", x.bytes()), x.rows(), x.cols());
        launcher.kernel(name)
                .pointer(x)
                .pointer(gradY)
                .pointer(products)
                .int32(x.rows())
                .int32(x.cols())
                .run(launcher.blocks(name, x.rows()));
        RowSums.all(launcher, products, SUM_CHUNK, gradGamma);
    }

    @Override
    public void layerNormBackward(FloatMatrix x, FloatMatrix gamma, FloatMatrix gradY, FloatMatrix gradX) {
        NormShapes.requireLayerNormBackward(x, gamma, gradY, gradX);
        String name = "layer_norm_backward_f32";
        launcher.kernel(name)
                .pointer(x)
                .pointer(gamma)
                .pointer(gradY)
                .pointer(gradX)
                .int32(x.rows())
                .int32(x.cols())
                .run(launcher.blocks(name, x.rows()));
    }
}
