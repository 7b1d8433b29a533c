package org.sgquant.perf.workload;

import java.util.List;

/**
 * Size of a graph to generate and its law of degrees: the node of rank r has about {@code maxDegree / (1 + r / bend)}
 * neighbours, a Zipf-Mandelbrot law whose bend follows from the number of entries.
 *
 * @param entries stored entries of the adjacency matrix, twice the undirected edges
 * @param features columns of the input features that a network of this graph has
 * @param widths columns at which sums over neighbours are measured
 */
public record GraphShape(
        String name, int nodes, int entries, int maxDegree, int features, int classes, List<Integer> widths) {

    /** Nodes, entries, largest degree, features and classes are those of the public graphs of these names. */
    public static final List<GraphShape> ALL = List.of(
            new GraphShape("tiny", 701, 9_000, 300, 40, 5, List.of(33, 64)),
            new GraphShape("cora", 2_708, 10_556, 168, 1433, 7, List.of(16, 128)),
            new GraphShape("computers", 13_752, 491_722, 2_992, 767, 10, List.of(64, 128)),
            new GraphShape("tolokers", 11_758, 1_038_000, 2_138, 10, 2, List.of(64, 128)),
            new GraphShape("arxiv", 169_343, 1_166_242, 13_155, 128, 40, List.of(64, 128, 256)),
            new GraphShape("reddit", 232_965, 114_615_892, 21_657, 602, 41, List.of(64, 128, 256, 602)),
            new GraphShape("products", 2_449_029, 123_718_280, 17_481, 100, 47, List.of(64, 100, 128, 256)));

    /** Largest degree of a small graph as a share of its nodes: Reddit has a tenth, but less than its mean is no law. */
    private static final int NODES_PER_LARGEST_DEGREE = 4;

    public GraphShape {
        double mean = (double) entries / nodes;
        if (entries % 2 != 0 || mean >= maxDegree || maxDegree >= nodes) {
            throw new IllegalArgumentException("graph " + name + ": expected an even number of entries and mean degree "
                    + mean + " < largest degree " + maxDegree + " < nodes " + nodes);
        }
    }

    public static GraphShape named(String name) {
        return ALL.stream()
                .filter(shape -> shape.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "graph '" + name + "' does not exist: choose " + String.join(", ", names())));
    }

    /** The shape {@code NAME}, or {@code NAME/K} for {@link #dividedBy} K. */
    public static GraphShape parse(String text) {
        String[] parts = text.split("/", 2);
        GraphShape whole = named(parts[0]);
        if (parts.length == 1) {
            return whole;
        }
        if (!parts[1].matches("[1-9]\\d{0,5}")) {
            throw new IllegalArgumentException(
                    "shape '" + text + "': after the slash got '" + parts[1] + "', expected a whole number from 1 on");
        }
        return whole.dividedBy(Integer.parseInt(parts[1]));
    }

    public static List<String> names() {
        return ALL.stream().map(GraphShape::name).toList();
    }

    /**
     * The same mean degree on a {@code parts}-th of the nodes, called {@code name/parts}; the largest degree is kept as far as a
     * quarter of the nodes.
     *
     * @throws IllegalArgumentException if the mean degree is too large for so few nodes
     */
    public GraphShape dividedBy(int parts) {
        if (parts == 1) {
            return this;
        }
        int fewer = nodes / parts;
        int most = Math.min(maxDegree, fewer / NODES_PER_LARGEST_DEGREE);
        return new GraphShape(name + "/" + parts, fewer, entries / parts / 2 * 2, most, features, classes, widths);
    }

    /** The rank at which the degree has fallen to half of the largest: makes the mean degree entries / nodes. */
    public double bend() {
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
    public int rank(double u, double bend) {
        double rank = bend * StrictMath.expm1(u * StrictMath.log1p(nodes / bend));
        return Math.min((int) rank, nodes - 1);
    }
}
