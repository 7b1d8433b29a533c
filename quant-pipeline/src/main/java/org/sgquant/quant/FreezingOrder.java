package org.sgquant.quant;

import java.util.Comparator;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.sgquant.data.NearNames;
import org.sgquant.kernels.PowerLevels;

/**
 * Which entries of a weight matrix become powers of two first.
 *
 * <p>The usage of an entry is how many rows of the matrix it multiplies have a value other than 0 in its place.
 * Source: Xu et al., ACM JETC 2018 (arXiv 1903.02048), which has these five for cellular networks; pruning-inspired is
 * that of INQ. What usage means for a graph network is ours.
 */
public enum FreezingOrder {
    /** Drawn. */
    RANDOM,
    /** Pruning-inspired: the largest magnitude first. */
    PRUNING,
    /** The largest magnitude times usage first. */
    WEIGHTED_PRUNING,
    /** The least distance to its power of two first. */
    NEAREST,
    /** The least distance times usage first. */
    WEIGHTED_NEAREST;

    /** Parses {@code random}, {@code pruning}, {@code weighted-pruning}, {@code nearest} or {@code weighted-nearest}. */
    public static FreezingOrder parse(String text) {
        return NearNames.constant(FreezingOrder.class, "order", text);
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Indices {@code row * cols + column} of the entries of {@code w} in this order, ties by index.
     *
     * <p>{@code usage} has a count per row of w; {@code top} and {@code bits} say which levels there are.
     */
    public int[] of(float[][] w, long[] usage, float top, int bits, long seed) {
        int cols = w.length == 0 ? 0 : w[0].length;
        double[] late = new double[w.length * cols];
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < late.length; i++) {
            float x = w[i / cols][i % cols];
            long used = usage[i / cols];
            double distance = Math.abs((double) x - PowerLevels.value(PowerLevels.code(x, top, bits), top, bits));
            late[i] = switch (this) {
                case RANDOM -> random.nextDouble();
                case PRUNING -> -Math.abs(x);
                case WEIGHTED_PRUNING -> -Math.abs(x) * (double) used;
                case NEAREST -> distance;
                case WEIGHTED_NEAREST -> distance * used;
            };
        }
        return IntStream.range(0, late.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> late[i]))
                .mapToInt(i -> i)
                .toArray();
    }
}
