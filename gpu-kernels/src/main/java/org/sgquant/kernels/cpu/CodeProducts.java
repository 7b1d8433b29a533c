package org.sgquant.kernels.cpu;

import java.lang.foreign.Arena;

/** {@code c = unpack(a) unpack(w)} from integers, some rows at a time. */
interface CodeProducts {

    /** Computes rows [from, to), all of block {@code b} of a, by way of memory of {@code scratch}. */
    void rows(int b, int from, int to, Arena scratch);
}
