package org.sgquant.kernels.reference;

import org.sgquant.kernels.BatchNorm;
import org.sgquant.kernels.Multiplicity;
import org.sgquant.kernels.NormOps;
import org.sgquant.kernels.NormShapes;
import org.sgquant.tensor.FloatMatrix;

/** {@link NormOps} in plain loops; training in double, inference in the order that all backends share. */
public final class ReferenceNormOps implements NormOps {

    private static double count(Multiplicity multiplicity, int row) {
        return multiplicity == null ? 1 : multiplicity.counts().get(0, row);
    }

    @Override
    public void batchNormMoments(FloatMatrix x, Multiplicity multiplicity, BatchNorm norm, FloatMatrix moments) {
        NormShapes.requireMoments(x, multiplicity, norm, moments);
        double total = NormShapes.total(x, multiplicity);
        for (int j = 0; j < x.cols(); j++) {
            double sum = 0;
            for (int i = 0; i < x.rows(); i++) {
                sum += count(multiplicity, i) * x.get(i, j);
            }
            double mean = sum / total;
            double squares = 0;
            for (int i = 0; i < x.rows(); i++) {
                double deviation = x.get(i, j) - mean;
                squares += count(multiplicity, i) * deviation * deviation;
            }
            double inverse = 1 / Math.sqrt(squares / total + EPSILON);
            double scale = norm.gamma().get(0, j) * inverse;
            moments.set(0, j, (float) mean);
            moments.set(1, j, (float) inverse);
            moments.set(2, j, (float) scale);
            moments.set(3, j, (float) (norm.beta().get(0, j) - mean * scale));
            follow(norm.mean(), j, mean);
            follow(norm.variance(), j, squares / Math.max(total - 1, 1));
        }
    }

    @Override
    public void batchNormApply(FloatMatrix x, FloatMatrix moments, FloatMatrix out) {
        NormShapes.requireApply(x, moments, out);
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < x.cols(); j++) {
                out.set(i, j, Math.fma(x.get(i, j), moments.get(2, j), moments.get(3, j)));
            }
        }
    }

    private static void follow(FloatMatrix running, int j, double value) {
        running.set(0, j, (float) ((1 - MOMENTUM) * (double) running.get(0, j) + MOMENTUM * value));
    }

    @Override
    public void batchNorm(FloatMatrix x, BatchNorm norm, FloatMatrix out) {
        NormShapes.requireNorm(x, norm, out);
        for (int j = 0; j < x.cols(); j++) {
            float root = (float) Math.sqrt(norm.variance().get(0, j) + EPSILON);
            float scale = norm.gamma().get(0, j) / root;
            float shift = Math.fma(-norm.mean().get(0, j), scale, norm.beta().get(0, j));
            for (int i = 0; i < x.rows(); i++) {
                out.set(i, j, Math.fma(x.get(i, j), scale, shift));
            }
        }
    }

    @Override
    public void batchNormGradGamma(FloatMatrix x, FloatMatrix moments, FloatMatrix gradY, FloatMatrix gradGamma) {
        NormShapes.requireGradGamma(x, moments, gradY, gradGamma);
        for (int j = 0; j < x.cols(); j++) {
            double sum = 0;
            for (int i = 0; i < x.rows(); i++) {
                sum += (x.get(i, j) - (double) moments.get(0, j)) * moments.get(1, j) * gradY.get(i, j);
            }
            gradGamma.set(0, j, (float) sum);
        }
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
        double total = NormShapes.total(x, multiplicity);
        for (int i = 0; i < x.rows(); i++) {
            double part = count(multiplicity, i) / total;
            for (int j = 0; j < x.cols(); j++) {
                double z = (x.get(i, j) - (double) moments.get(0, j)) * moments.get(1, j);
                double common = gradBeta.get(0, j) + z * gradGamma.get(0, j);
                gradX.set(i, j, (float) (moments.get(2, j) * (gradY.get(i, j) - part * common)));
            }
        }
    }

    @Override
    public void layerNorm(FloatMatrix x, FloatMatrix gamma, FloatMatrix beta, FloatMatrix out) {
        NormShapes.requireLayerNorm(x, gamma, beta, out);
        for (int i = 0; i < x.rows(); i++) {
            Row row = Row.of(x, i);
            for (int j = 0; j < x.cols(); j++) {
                float z = (float) ((x.get(i, j) - row.mean) * row.inverse);
                out.set(i, j, Math.fma(gamma.get(0, j), z, beta.get(0, j)));
            }
        }
    }

    /** Mean and 1 / sqrt(variance + epsilon) of a row. */
    private record Row(double mean, double inverse) {
        static Row of(FloatMatrix x, int i) {
            double sum = 0;
            for (int j = 0; j < x.cols(); j++) {
                sum += x.get(i, j);
            }
            double mean = sum / x.cols();
            double squares = 0;
            for (int j = 0; j < x.cols(); j++) {
                double deviation = x.get(i, j) - mean;
                squares += deviation * deviation;
            }
            return new Row(mean, 1 / Math.sqrt(squares / x.cols() + EPSILON));
        }
    }

    @Override
    public void layerNormGradGamma(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradGamma) {
        NormShapes.requireLayerNormGradGamma(x, gradY, gradGamma);
        double[] sums = new double[x.cols()];
        for (int i = 0; i < x.rows(); i++) {
            Row row = Row.of(x, i);
            for (int j = 0; j < x.cols(); j++) {
                sums[j] += gradY.get(i, j) * (x.get(i, j) - row.mean) * row.inverse;
            }
        }
        for (int j = 0; j < x.cols(); j++) {
            gradGamma.set(0, j, (float) sums[j]);
        }
    }

    @Override
    public void layerNormBackward(FloatMatrix x, FloatMatrix gamma, FloatMatrix gradY, FloatMatrix gradX) {
        NormShapes.requireLayerNormBackward(x, gamma, gradY, gradX);
        int cols = x.cols();
        double[] z = new double[cols];
        double[] h = new double[cols];
        for (int i = 0; i < x.rows(); i++) {
            Row row = Row.of(x, i);
            double meanH = 0;
            double meanHz = 0;
            for (int j = 0; j < cols; j++) {
                z[j] = (x.get(i, j) - row.mean) * row.inverse;
                h[j] = (double) gamma.get(0, j) * gradY.get(i, j);
                meanH += h[j] / cols;
                meanHz += h[j] * z[j] / cols;
            }
            for (int j = 0; j < cols; j++) {
                gradX.set(i, j, (float) ((h[j] - meanH - z[j] * meanHz) * row.inverse));
            }
        }
    }
}
