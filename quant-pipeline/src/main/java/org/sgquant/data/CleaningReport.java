package org.sgquant.data;

/**
 * What cleaning a graph changed: {@code edges = listed - selfLoops - duplicates + reversesAdded}.
 *
 * <p>All counts are directed entries, except {@code nodes} and {@code isolatedNodes} (nodes without any edge
 * afterwards). {@code weightsIgnored} entries had a weight other than 1 and count as plain edges.
 */
public record CleaningReport(
        int nodes,
        int listed,
        int selfLoops,
        int duplicates,
        int reversesAdded,
        int edges,
        int isolatedNodes,
        int weightsIgnored) {

    @Override
    public String toString() {
        return listed + " edges listed, " + selfLoops + " self loops and " + duplicates + " duplicates dropped, "
                + reversesAdded + " reverse edges added: " + edges + " directed edges, " + isolatedNodes
                + " isolated of " + nodes + " nodes"
                + (weightsIgnored == 0 ? "" : ", " + weightsIgnored + " edge weights ignored");
    }
}
