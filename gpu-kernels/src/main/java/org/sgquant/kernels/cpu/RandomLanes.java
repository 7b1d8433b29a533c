package org.sgquant.kernels.cpu;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.kernels.CounterRandom;

/** {@link CounterRandom} for the elements of a vector of any species. */
final class RandomLanes {

    private RandomLanes() {}

    /** {@code CounterRandom.bits(key, index) >>> 8} of every lane. */
    static IntVector bits24(long key, IntVector index) {
        IntVector first = mix32(index.lanewise(VectorOperators.XOR, (int) key));
        return mix32(first.add((int) (key >>> 32))).lanewise(VectorOperators.LSHR, 8);
    }

    private static IntVector mix32(IntVector h) {
        h = h.lanewise(VectorOperators.XOR, h.lanewise(VectorOperators.LSHR, 16))
                .mul(CounterRandom.MIX_1);
        h = h.lanewise(VectorOperators.XOR, h.lanewise(VectorOperators.LSHR, 13))
                .mul(CounterRandom.MIX_2);
        return h.lanewise(VectorOperators.XOR, h.lanewise(VectorOperators.LSHR, 16));
    }
}
