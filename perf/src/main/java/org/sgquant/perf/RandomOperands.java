package org.sgquant.perf;

import java.util.Random;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;

/** Seeded operands on the host: the same sizes give the same numbers everywhere. */
final class RandomOperands {

    private static final long SEED = 20240607;

    private RandomOperands() {}

    /** Standard normal values. */
    static FloatMatrix normal(HostMemory memory, int rows, int cols) {
        Random random = new Random(SEED);
        FloatMatrix m = FloatMatrix.allocate(memory, rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                m.set(r, c, (float) random.nextGaussian());
            }
        }
        return m;
    }

    /** Zeros and ones, {@code share} of them ones: bag-of-words features. */
    static FloatMatrix binary(HostMemory memory, int rows, int cols, double share) {
        Random random = new Random(SEED);
        FloatMatrix m = FloatMatrix.allocate(memory, rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                m.set(r, c, random.nextDouble() < share ? 1 : 0);
            }
        }
        return m;
    }
}
