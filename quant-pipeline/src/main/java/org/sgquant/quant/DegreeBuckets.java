package org.sgquant.quant;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Partition of nodes by degree: bucket 0 holds degrees up to {@code splits[0]}, the last those above the last split.
 *
 * <p>SGQuant's topology-aware granularity. Degree is the number of neighbours in the cleaned graph, without self
 * loops. Ties go to the lower bucket; a bucket may be empty.
 */
public record DegreeBuckets(int... splits) {

    public static final DegreeBuckets NONE = new DegreeBuckets();

    public DegreeBuckets {
        for (int i = 0; i < splits.length; i++) {
            if (splits[i] < 0 || (i > 0 && splits[i] <= splits[i - 1])) {
                throw new IllegalArgumentException(
                        "degree splits must be ascending and not negative, got " + Arrays.toString(splits));
            }
        }
        splits = splits.clone();
    }

    /** Splits at the quartiles of {@code degrees}; equal quartiles are merged. */
    public static DegreeBuckets quartiles(int[] degrees) {
        if (degrees.length == 0) {
            return NONE;
        }
        int[] sorted = degrees.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return new DegreeBuckets(Arrays.stream(new int[] {n / 4, n / 2, n * 3 / 4})
                .map(i -> sorted[Math.max(i - 1, 0)])
                .distinct()
                .toArray());
    }

    /** Classes that double: degrees up to 1, 2, 4, 8 and so on, as far as there are greater ones, at most 12. */
    public static DegreeBuckets doubling(int[] degrees) {
        int largest = Arrays.stream(degrees).max().orElse(0);
        return new DegreeBuckets(IntStream.iterate(1, split -> split < largest, split -> 2 * split)
                .limit(11)
                .toArray());
    }

    @Override
    public int[] splits() {
        return splits.clone();
    }

    public int count() {
        return splits.length + 1;
    }

    public int bucketOf(int degree) {
        int b = 0;
        while (b < splits.length && degree > splits[b]) {
            b++;
        }
        return b;
    }

    /** New order of nodes, buckets ascending and stable inside: entry i is the old index of new node i. */
    public int[] order(int[] degrees) {
        int[] next = bounds(degrees);
        int[] newToOld = new int[degrees.length];
        for (int node = 0; node < degrees.length; node++) {
            newToOld[next[bucketOf(degrees[node])]++] = node;
        }
        return newToOld;
    }

    /** First row of each bucket after relabelling, and the number of nodes at the end. */
    public int[] bounds(int[] degrees) {
        int[] bounds = new int[count() + 1];
        for (int degree : degrees) {
            bounds[bucketOf(degree) + 1]++;
        }
        for (int b = 0; b < count(); b++) {
            bounds[b + 1] += bounds[b];
        }
        return bounds;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof DegreeBuckets that && Arrays.equals(splits, that.splits);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(splits);
    }

    /** {@code deg(2,3,5)}, or nothing for a single bucket. */
    @Override
    public String toString() {
        return splits.length == 0
                ? ""
                : Arrays.stream(splits).mapToObj(Integer::toString).collect(Collectors.joining(",", "deg(", ")"));
    }
}
