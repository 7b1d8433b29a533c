package org.sgquant.data;

import java.util.ArrayList;
import java.util.List;

/**
 * Nodes per degree: degrees up to 7 one by one, from there on four ranges to each doubling.
 *
 * @param bins ascending, only those that hold a node
 */
public record DegreeHistogram(long nodes, long edges, List<Bin> bins) {

    /** {@code count} nodes have degrees {@code from} to {@code to}. */
    public record Bin(int from, int to, int count) {}

    /** Of {@code degrees}, one per node, in a graph whose edges are stored in both directions. */
    public static DegreeHistogram of(int[] degrees) {
        int[] counts = new int[4 * Integer.SIZE];
        long ends = 0;
        for (int degree : degrees) {
            counts[bin(degree)]++;
            ends += degree;
        }
        List<Bin> bins = new ArrayList<>();
        for (int b = 0; b < counts.length; b++) {
            if (counts[b] > 0) {
                bins.add(new Bin(from(b), from(b + 1) - 1, counts[b]));
            }
        }
        return new DegreeHistogram(degrees.length, ends / 2, List.copyOf(bins));
    }

    /** Bins 0 to 7 are the degrees themselves; below, the two bits after the leading one choose among four. */
    private static int bin(int degree) {
        if (degree < 8) {
            return degree;
        }
        int exponent = 31 - Integer.numberOfLeadingZeros(degree);
        return 4 * (exponent - 1) + (degree >> (exponent - 2) & 3);
    }

    private static int from(int bin) {
        if (bin < 8) {
            return bin;
        }
        return (4 + bin % 4) << (bin / 4 - 1);
    }
}
