package org.sgquant.perf.workload;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.Memory;

/**
 * A graph, or some of its rows with the source nodes they read.
 *
 * <p>Rows, sources and edges keep the numbers they have in the whole graph. Operands are functions of these numbers, so
 * a part has the operands of the whole, and an operation on it gives those rows of the result.
 */
public final class GraphPart {

    private final CsrGraph graph;
    private final int wholeNodes;
    /** Numbers in the whole graph; all of them in order where null. */
    private final int[] targets;

    private final int[] sources;
    private final int[] edges;

    private GraphPart(CsrGraph graph, int wholeNodes, int[] targets, int[] sources, int[] edges) {
        this.graph = graph;
        this.wholeNodes = wholeNodes;
        this.targets = targets;
        this.sources = sources;
        this.edges = edges;
    }

    public static GraphPart whole(CsrGraph graph) {
        return new GraphPart(graph, graph.numCols(), null, null, null);
    }

    /** Rows {@code targets}, ascending, of a square graph; every target is also a source. */
    public static GraphPart rows(CsrGraph whole, int[] targets, Memory memory) {
        boolean[] read = new boolean[whole.numCols()];
        int[] ptr = new int[targets.length + 1];
        for (int i = 0; i < targets.length; i++) {
            read[targets[i]] = true;
            ptr[i + 1] = ptr[i] + whole.degree(targets[i]);
            edgesOf(whole, targets[i]).forEach(e -> read[whole.colIdx().get(e)] = true);
        }
        int[] sources = IntStream.range(0, read.length).filter(s -> read[s]).toArray();
        int[] edges = Arrays.stream(targets).flatMap(t -> edgesOf(whole, t)).toArray();
        int[] col = Arrays.stream(edges)
                .map(e -> Arrays.binarySearch(sources, whole.colIdx().get(e)))
                .toArray();
        CsrGraph graph =
                new CsrGraph(targets.length, sources.length, IntArray.of(memory, ptr), IntArray.of(memory, col));
        return new GraphPart(graph, whole.numCols(), targets, sources, edges);
    }

    private static IntStream edgesOf(CsrGraph graph, int row) {
        return IntStream.range(graph.rowPtr().get(row), graph.rowPtr().get(row + 1));
    }

    /** On the host. */
    public CsrGraph graph() {
        return graph;
    }

    /** Nodes of the whole graph. */
    public int wholeNodes() {
        return wholeNodes;
    }

    /** Number in the whole graph of the node that column {@code col} reads. */
    public int source(int col) {
        return sources == null ? col : sources[col];
    }

    /** Number in the whole graph of edge {@code e}. */
    public int edge(int e) {
        return edges == null ? e : edges[e];
    }

    /** The column that reads the node of row {@code row}. */
    public int columnOf(int row) {
        return sources == null ? row : Arrays.binarySearch(sources, targets[row]);
    }

    /** Columns that read nodes with numbers below {@code node}. */
    public int columnsBelow(int node) {
        if (sources == null) {
            return node;
        }
        int at = Arrays.binarySearch(sources, node);
        return at < 0 ? -at - 1 : at;
    }
}
