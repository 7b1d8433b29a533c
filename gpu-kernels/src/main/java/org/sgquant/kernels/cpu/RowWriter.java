package org.sgquant.kernels.cpu;

import org.sgquant.tensor.FloatMatrix;

/** One thread's way to the rows of a product. */
@FunctionalInterface
interface RowWriter {

    /** Writes rows [from, to) of the product to the first rows of {@code out}. */
    void write(int from, int to, FloatMatrix out);
}
