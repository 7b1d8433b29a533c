package org.sgquant.data;

import java.util.stream.IntStream;

/**
 * {@code x[v][c] = 1 where c is one of columns[tag(v)], else 0}: the features of the nodes of whole graphs, which their
 * tag decides.
 *
 * @param numFeatures columns of x
 * @param columns for each tag those of its ones, ascending
 */
public record TagFeatures(int numFeatures, int[][] columns) {

    /** One-hot in the tag; a single tag is a constant 1. */
    public static TagFeatures oneHot(int numTags) {
        return new TagFeatures(
                numTags,
                IntStream.range(0, numTags).mapToObj(t -> new int[] {t}).toArray(int[][]::new));
    }

    public int numTags() {
        return columns.length;
    }

    /** Whether each tag is one column of its own. */
    boolean isOneHot() {
        return numFeatures == columns.length
                && IntStream.range(0, columns.length).allMatch(t -> columns[t].length == 1 && columns[t][0] == t);
    }
}
