package org.sgquant.kernels.cpu;

import org.sgquant.kernels.NormOps;
import org.sgquant.tensor.FloatMatrix;

/** Mean and {@code 1 / sqrt(variance + epsilon)} of one row, in double with columns ascending. */
record LayerNormRow(double mean, double inverse) {

    static LayerNormRow of(FloatMatrix x, int i) {
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
        return new LayerNormRow(mean, 1 / Math.sqrt(squares / x.cols() + NormOps.EPSILON));
    }

    double quotient(float x) {
        return (x - mean) * inverse;
    }

    /** Adds {@code gradY_ij * quotient(x_ij)} to row {@code target} of {@code sums}. */
    void addProducts(FloatMatrix x, FloatMatrix gradY, int i, FloatMatrix sums, int target) {
        for (int j = 0; j < x.cols(); j++) {
            sums.set(target, j, (float) (sums.get(target, j) + gradY.get(i, j) * quotient(x.get(i, j))));
        }
    }

    void backward(FloatMatrix x, FloatMatrix gamma, FloatMatrix gradY, int i, FloatMatrix gradX) {
        double sumH = 0;
        double sumHz = 0;
        for (int j = 0; j < x.cols(); j++) {
            double h = (double) gamma.get(0, j) * gradY.get(i, j);
            sumH += h;
            sumHz += h * quotient(x.get(i, j));
        }
        double meanH = sumH / x.cols();
        double meanHz = sumHz / x.cols();
        for (int j = 0; j < x.cols(); j++) {
            double h = (double) gamma.get(0, j) * gradY.get(i, j);
            gradX.set(i, j, (float) ((h - meanH - quotient(x.get(i, j)) * meanHz) * inverse));
        }
    }
}
