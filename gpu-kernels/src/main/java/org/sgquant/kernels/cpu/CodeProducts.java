package org.sgquant.kernels.cpu;

import java.lang.foreign.Arena;
import org.sgquant.tensor.FloatMatrix;

/** {@code c = unpack(a) unpack(w)} from integers, some rows at a time. */
interface CodeProducts {

    /** One thread's, by way of memory of {@code scratch}. */
    BlockWriter writer(Arena scratch);

    /** One thread's way to the rows of the product. */
    @FunctionalInterface
    interface BlockWriter {

        /** Writes rows [from, to), all of block {@code b} of a, to the first rows of {@code out}. */
        void write(int b, int from, int to, FloatMatrix out);
    }
}
