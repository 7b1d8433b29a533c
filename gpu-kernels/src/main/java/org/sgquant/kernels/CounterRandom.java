package org.sgquant.kernels;

/**
 * Random numbers as a pure function of (seed, step, stream, index): no state, any order, equal on every device.
 *
 * <p>The first three give a 64-bit key by the SplitMix64 finalizer; key and index give 32 bits by two rounds of the
 * murmur3 finalizer. Sources: Steele et al., OOPSLA 2014; Appleby, MurmurHash3.
 */
public final class CounterRandom {

    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    /** Multipliers of the 32-bit finalizer, for vectorised copies of {@link #bits}. */
    public static final int MIX_1 = 0x85EBCA6B;

    public static final int MIX_2 = 0xC2B2AE35;

    private CounterRandom() {}

    /** Key of one random tensor. */
    public static long key(long seed, int step, int stream) {
        return mix64(mix64(seed + GOLDEN * (step + 1L)) + GOLDEN * (stream + 1L));
    }

    /** 32 random bits of element {@code index}. */
    public static int bits(long key, int index) {
        return mix32(mix32(index ^ (int) key) + (int) (key >>> 32));
    }

    /** Bits below this threshold, taken as 24-bit numbers, are dropped: {@code rate * 2^24}. */
    public static int threshold(float rate) {
        return (int) (rate * (1 << 24));
    }

    /** Whether element {@code index} survives dropout. */
    public static boolean keep(long key, int index, int threshold) {
        return (bits(key, index) >>> 8) >= threshold;
    }

    /** Uniform in [0, 1), 24 bits. */
    public static float uniform(long key, int index) {
        return (bits(key, index) >>> 8) * 0x1p-24f;
    }

    public static long mix64(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    private static int mix32(int h) {
        h = (h ^ (h >>> 16)) * MIX_1;
        h = (h ^ (h >>> 13)) * MIX_2;
        return h ^ (h >>> 16);
    }
}
