package org.sgquant.perf.device;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Size of a graph to generate and its law of degrees: the node of rank r has about {@code maxDegree / (1 + r / bend)}
 * neighbours, a Zipf-Mandelbrot law whose bend follows from the number of entries.
 *
 * @param entries stored entries of the adjacency matrix, twice the undirected edges
 * @param features columns of the input features that a network of this graph has
 * @param widths columns at which sums over neighbours are measured
 */
record GraphShape(String name, int nodes, int entries, int maxDegree, int features, int classes, List<Integer> widths) {

    /** Nodes, entries, largest degree, features and classes are those of the public graphs of these names. */
    static final List<GraphShape> ALL = List.of(
            new GraphShape("tiny", 701, 9_000, 300, 40, 5, List.of(33, 64)),
            new GraphShape("arxiv", 169_343, 1_166_242, 13_155, 128, 40, List.of(64, 128, 256)),
            new GraphShape("reddit", 232_965, 114_615_892, 21_657, 602, 41, List.of(64, 128, 256, 602)),
            new GraphShape("products", 2_449_029, 123_718_280, 17_481, 100, 47, List.of(64, 100, 128, 256)));

    GraphShape {
        double mean = (double) entries / nodes;
        if (entries % 2 != 0 || mean >= maxDegree || maxDegree >= nodes) {
            throw new IllegalArgumentException("graph " + name + ": expected an even number of entries and mean degree "
                    + mean + " < largest degree " + maxDegree + " < nodes " + nodes);
        }
    }

    static GraphShape named(String name) {
        return ALL.stream()
                .filter(shape -> shape.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("graph '" + name + "' does not exist: choose "
                        + ALL.stream().map(GraphShape::name).collect(Collectors.joining(", "))));
    }

    /** The rank at which the degree has fallen to half of the largest: makes the mean degree entries / nodes. */
    double bend() {
        double wanted = (double) entries / nodes / maxDegree;
        double low = 0;
        double high = nodes / wanted;
        // The mean grows with the bend; 200 halvings exhaust a double.
        for (int i = 0; i < 200; i++) {
            double middle = (low + high) / 2;
            boolean tooFew = middle / nodes * StrictMath.log1p(nodes / middle) < wanted;
            low = tooFew ? middle : low;
            high = tooFew ? high : middle;
        }
        return high;
    }

    /** The rank below which a share {@code u} of all entries lies, from 0 to nodes - 1. */
    int rank(double u, double bend) {
        double rank = bend * StrictMath.expm1(u * StrictMath.log1p(nodes / bend));
        return Math.min((int) rank, nodes - 1);
    }
}
