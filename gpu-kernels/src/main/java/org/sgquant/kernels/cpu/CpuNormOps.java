package org.sgquant.kernels.cpu;

import org.sgquant.kernels.BatchNorm;
import org.sgquant.kernels.Multiplicity;
import org.sgquant.kernels.NormOps;
import org.sgquant.kernels.NormShapes;
import org.sgquant.tensor.FloatMatrix;

/** {@link NormOps}: batch norm in vector loops over rows, its column sums in chunks; layer norm row by row in double. */
public final class CpuNormOps implements NormOps {

    /** Rows whose column sums are one term of a total. */
    private static final int SUM_CHUNK = 1024;

    private final Workers workers;

    public CpuNormOps(Workers workers) {
        this.workers = workers;
    }

    /** Adds rows [from, to) to row {@code chunk} of {@code sums}, which starts at 0. */
    @FunctionalInterface
    private interface ChunkSum {
        void add(int from, int to, FloatMatrix sums, int chunk);
    }

    private void overRows(FloatMatrix x, Workers.RangeBody body) {
        workers.run(x.bytes() / Float.BYTES, x.rows(), body);
    }

    /** {@code out = the sums of all chunks}, added in order; a chunk's sums fill {@code width} floats of a row. */
    private void sum(int rows, int width, ChunkSum body, FloatMatrix out) {
        int chunks = Math.ceilDiv(rows, SUM_CHUNK);
        FloatMatrix sums = FloatMatrix.view(workers.scratch(FloatMatrix.bytes(chunks, width)), chunks, width);
        workers.run((long) rows * width, chunks, (from, to) -> {
            for (int c = from; c < to; c++) {
                long start = sums.rowOffset(c);
                sums.data().asSlice(start, Vectors.rowBytes(sums)).fill((byte) 0);
                body.add(c * SUM_CHUNK, Math.min((c + 1) * SUM_CHUNK, rows), sums, c);
            }
        });
        FloatLoops.sumRows(sums, 0, chunks, out, 0);
    }

    @Override
    public void batchNormMoments(FloatMatrix x, Multiplicity multiplicity, BatchNorm norm, FloatMatrix moments) {
        NormShapes.requireMoments(x, multiplicity, norm, moments);
        int cols = x.cols();
        double total = NormShapes.total(x, multiplicity);
        FloatMatrix mean = row(moments, 0);
        FloatMatrix squares = row(moments, 1);
        sum(x.rows(), cols, (from, to, sums, c) -> NormLoops.sum(x, multiplicity, from, to, sums, c), mean);
        for (int j = 0; j < cols; j++) {
            mean.set(0, j, (float) (mean.get(0, j) / total));
        }
        sum(
                x.rows(),
                cols,
                (from, to, sums, c) -> NormLoops.sumSquares(x, multiplicity, mean, from, to, sums, c),
                squares);
        for (int j = 0; j < cols; j++) {
            double variance = squares.get(0, j) / total;
            follow(norm.mean(), j, mean.get(0, j));
            follow(norm.variance(), j, squares.get(0, j) / Math.max(total - 1, 1));
            float inverse = (float) (1 / Math.sqrt(variance + EPSILON));
            float scale = norm.gamma().get(0, j) * inverse;
            moments.set(1, j, inverse);
            moments.set(2, j, scale);
            moments.set(3, j, Math.fma(-mean.get(0, j), scale, norm.beta().get(0, j)));
        }
    }

    @Override
    public void batchNormApply(FloatMatrix x, FloatMatrix moments, FloatMatrix out) {
        NormShapes.requireApply(x, moments, out);
        overRows(x, (from, to) -> NormLoops.affine(x, row(moments, 2), row(moments, 3), out, from, to));
    }

    private static void follow(FloatMatrix running, int j, double value) {
        running.set(0, j, (float) ((1 - MOMENTUM) * (double) running.get(0, j) + MOMENTUM * value));
    }

    /** Row {@code r} of {@code m} as a 1 x F matrix. */
    private static FloatMatrix row(FloatMatrix m, int r) {
        return FloatMatrix.view(m.data().asSlice(m.rowOffset(r), Vectors.rowBytes(m)), 1, m.cols());
    }

    @Override
    public void batchNorm(FloatMatrix x, BatchNorm norm, FloatMatrix out) {
        NormShapes.requireNorm(x, norm, out);
        FloatMatrix coefficients = FloatMatrix.view(workers.scratch(FloatMatrix.bytes(2, x.cols())), 2, x.cols());
        for (int j = 0; j < x.cols(); j++) {
            float root = (float) Math.sqrt(norm.variance().get(0, j) + EPSILON);
            float scale = norm.gamma().get(0, j) / root;
            coefficients.set(0, j, scale);
            coefficients.set(
                    1, j, Math.fma(-norm.mean().get(0, j), scale, norm.beta().get(0, j)));
        }
        overRows(x, (from, to) -> NormLoops.affine(x, row(coefficients, 0), row(coefficients, 1), out, from, to));
    }

    @Override
    public void batchNormGradGamma(FloatMatrix x, FloatMatrix moments, FloatMatrix gradY, FloatMatrix gradGamma) {
        NormShapes.requireGradGamma(x, moments, gradY, gradGamma);
        sum(
                x.rows(),
                x.cols(),
                (from, to, sums, c) -> NormLoops.sumProducts(x, moments, gradY, from, to, sums, c),
                gradGamma);
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
        float part = (float) (1.0 / NormShapes.total(x, multiplicity));
        overRows(
                x,
                (from, to) -> NormLoops.backward(
                        x, multiplicity, part, moments, gradY, gradGamma, gradBeta, gradX, from, to));
    }

    @Override
    public void layerNorm(FloatMatrix x, FloatMatrix gamma, FloatMatrix beta, FloatMatrix out) {
        NormShapes.requireLayerNorm(x, gamma, beta, out);
        overRows(x, (from, to) -> {
            for (int i = from; i < to; i++) {
                LayerNormRow row = LayerNormRow.of(x, i);
                for (int j = 0; j < x.cols(); j++) {
                    out.set(i, j, Math.fma(gamma.get(0, j), (float) row.quotient(x.get(i, j)), beta.get(0, j)));
                }
            }
        });
    }

    @Override
    public void layerNormGradGamma(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradGamma) {
        NormShapes.requireLayerNormGradGamma(x, gradY, gradGamma);
        sum(
                x.rows(),
                x.cols(),
                (from, to, sums, c) -> {
                    for (int i = from; i < to; i++) {
                        LayerNormRow.of(x, i).addProducts(x, gradY, i, sums, c);
                    }
                },
                gradGamma);
    }

    @Override
    public void layerNormBackward(FloatMatrix x, FloatMatrix gamma, FloatMatrix gradY, FloatMatrix gradX) {
        NormShapes.requireLayerNormBackward(x, gamma, gradY, gradX);
        overRows(x, (from, to) -> {
            for (int i = from; i < to; i++) {
                LayerNormRow.of(x, i).backward(x, gamma, gradY, i, gradX);
            }
        });
    }
}
