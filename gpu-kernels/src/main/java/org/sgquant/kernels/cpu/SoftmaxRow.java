package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * Softmax of {@code sharpness} times the {@code cols} floats at byte {@code offset} of {@code data}, in double.
 *
 * <p>{@code logSum = log of the sum of exp(sharpness x_j)}, the maximum subtracted; {@code argmax} is the lowest index of
 * it. A sharpness is one over a temperature.
 */
record SoftmaxRow(MemorySegment data, long offset, int cols, double sharpness, double logSum, int argmax) {

    static SoftmaxRow of(MemorySegment data, long offset, int cols) {
        return of(data, offset, cols, 1);
    }

    static SoftmaxRow of(MemorySegment data, long offset, int cols, double sharpness) {
        double max = Double.NEGATIVE_INFINITY;
        int argmax = 0;
        for (int j = 0; j < cols; j++) {
            double x = data.get(JAVA_FLOAT, offset + 4L * j);
            argmax = x > max ? j : argmax;
            max = Math.max(x, max);
        }
        double sum = 0;
        for (int j = 0; j < cols; j++) {
            sum += Math.exp(sharpness * (data.get(JAVA_FLOAT, offset + 4L * j) - max));
        }
        return new SoftmaxRow(data, offset, cols, sharpness, sharpness * max + Math.log(sum), argmax);
    }

    /** {@code -log softmax_j}. */
    double loss(int j) {
        return logSum - sharpness * data.get(JAVA_FLOAT, offset + 4L * j);
    }

    /** {@code softmax_j}. */
    double probability(int j) {
        return Math.exp(-loss(j));
    }

    /** Writes {@code (softmax_j - [j = label]) * factor} to byte {@code target} of {@code out}; label -1 for none. */
    void write(MemorySegment out, long target, int label, double factor) {
        for (int j = 0; j < cols; j++) {
            double p = probability(j);
            out.set(JAVA_FLOAT, target + 4L * j, (float) ((j == label ? p - 1 : p) * factor));
        }
    }
}
