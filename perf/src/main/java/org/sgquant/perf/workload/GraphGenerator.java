package org.sgquant.perf.workload;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.sgquant.kernels.CounterRandom;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.Memory;

/**
 * Draws an undirected graph of a {@link GraphShape} without loops and repeats: both ends of an edge by the law of
 * degrees, so that nodes with many neighbours are also those that many rows read. Numbers of nodes are shuffled, so
 * neighbours are nowhere near each other. The same seed gives the same graph on any machine.
 */
public final class GraphGenerator {

    /** Share of edges whose ends are of one class, as in graphs that a graph network can learn from. */
    private static final double HOMOPHILY = 0.7;

    private final GraphShape shape;
    private final long key;
    private final double bend;
    private final int[] nodeOfRank;
    private final int[] rankOfNode;
    private final int[] labels;

    public GraphGenerator(GraphShape shape, long seed) {
        this.shape = shape;
        this.key = CounterRandom.key(seed, 0, 0);
        this.bend = shape.bend();
        this.nodeOfRank = shuffled(shape.nodes(), new Random(seed));
        this.rankOfNode = new int[shape.nodes()];
        this.labels = new int[shape.nodes()];
        for (int rank = 0; rank < shape.nodes(); rank++) {
            rankOfNode[nodeOfRank[rank]] = rank;
            labels[nodeOfRank[rank]] = rank % shape.classes();
        }
    }

    private static int[] shuffled(int n, Random random) {
        int[] items = IntStream.range(0, n).toArray();
        for (int i = n - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int item = items[i];
            items[i] = items[j];
            items[j] = item;
        }
        return items;
    }

    /** Class of every node. */
    public int[] labels() {
        return labels;
    }

    /** Every edge once as {@code u * nodes + v}, u < v, ascending; {@code entries / 2} of them. */
    public long[] edges() {
        int wanted = shape.entries() / 2;
        long[] edges = new long[wanted];
        IntStream.range(0, wanted).parallel().forEach(i -> edges[i] = draw(i));
        // A repeat would take most from the largest degrees: its end of larger degree gets another, uniform neighbour.
        for (int drawn = wanted, kept = separateRepeats(edges); kept < wanted; kept = separateRepeats(edges)) {
            int first = drawn;
            IntStream.range(kept, wanted).parallel().forEach(i -> edges[i] = redraw(edges[i], first + i));
            drawn += wanted;
        }
        return edges;
    }

    /** Edge number {@code i}. */
    private long draw(int i) {
        int rank = shape.rank(uniform(3 * i), bend);
        int other = shape.rank(uniform(3 * i + 1), bend);
        if (uniform(3 * i + 2) < HOMOPHILY) {
            // The nearest rank of the same class has nearly the same degree.
            other += rank % shape.classes() - other % shape.classes();
            other -= other >= shape.nodes() ? shape.classes() : 0;
        }
        return edge(rank, other);
    }

    /** Draw number {@code i} of a neighbour for the end of {@code edge} with the larger degree. */
    private long redraw(long edge, int i) {
        int rank = Math.min(rankOfNode[(int) (edge / shape.nodes())], rankOfNode[(int) (edge % shape.nodes())]);
        return edge(rank, (int) (uniform(3 * i) * shape.nodes()));
    }

    private long edge(int rank, int otherRank) {
        long u = nodeOfRank[rank];
        long v = nodeOfRank[otherRank];
        return Math.min(u, v) * shape.nodes() + Math.max(u, v);
    }

    /** Sorts, moves repeats and loops to the end, and returns how many edges come before them. */
    private int separateRepeats(long[] edges) {
        Arrays.parallelSort(edges);
        long[] repeats = new long[edges.length];
        int kept = 0;
        int repeated = 0;
        for (long edge : edges) {
            boolean loop = edge / shape.nodes() == edge % shape.nodes();
            if (loop || (kept > 0 && edge == edges[kept - 1])) {
                repeats[repeated++] = edge;
            } else {
                edges[kept++] = edge;
            }
        }
        System.arraycopy(repeats, 0, edges, kept, repeated);
        return kept;
    }

    /** In [0, 1) with 32 bits: 24 would miss nodes of a graph of millions. */
    private double uniform(int i) {
        return Integer.toUnsignedLong(CounterRandom.bits(key, i)) * 0x1p-32;
    }

    /** The symmetric adjacency matrix of {@link #edges}, columns of a row ascending. */
    public CsrGraph graph(Memory memory, long[] edges) {
        int n = shape.nodes();
        int[] rowPtr = new int[n + 1];
        for (long edge : edges) {
            rowPtr[(int) (edge / n) + 1]++;
            rowPtr[(int) (edge % n) + 1]++;
        }
        Arrays.parallelPrefix(rowPtr, Integer::sum);
        int[] next = rowPtr.clone();
        int[] col = new int[rowPtr[n]];
        // Edges ascend by their smaller end, then by the larger: first each row's smaller neighbours, then its larger.
        for (long edge : edges) {
            col[next[(int) (edge % n)]++] = (int) (edge / n);
        }
        for (long edge : edges) {
            col[next[(int) (edge / n)]++] = (int) (edge % n);
        }
        return new CsrGraph(n, n, IntArray.of(memory, rowPtr), IntArray.of(memory, col));
    }
}
