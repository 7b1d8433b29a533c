package org.sgquant.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Some graphs of a collection as the layers of a model see them: {@code levels.get(l)} holds the rows that layer l
 * computes, level 0 those of the features.
 *
 * <p>{@link #of} keeps one row per node. {@link #compressed} keeps at level l one row per colour after l rounds of
 * refinement, with how many nodes it stands for; sums over neighbours and over graphs weigh by counts. Both give the
 * same read-outs, losses and batch statistics. Graph i of the batch is graph {@code graphs[i]} of the collection.
 */
public record GraphBatch(GraphCollection collection, int[] graphs, List<Level> levels) {

    /**
     * Rows of one level.
     *
     * @param tags tag of each row's nodes
     * @param multiplicity nodes that each row stands for, null for one
     * @param adjacency A + I: rows of this level, columns of the level below; null at level 0
     * @param below the row of the level below that each row's nodes have, null for the same; null at level 0
     * @param pooling graphs by rows of this level
     */
    public record Level(int[] tags, int[] multiplicity, Pattern adjacency, Pattern below, Pattern pooling) {
        public int rows() {
            return tags.length;
        }
    }

    /** A sparse matrix of whole numbers, {@code counts} null for ones; columns of a row ascend. */
    public record Pattern(int numCols, int[] rowPtr, int[] colIdx, float[] counts) {}

    public int numGraphs() {
        return graphs.length;
    }

    /** Class of each graph of the batch. */
    public int[] labels() {
        return Arrays.stream(graphs).map(g -> collection.labels()[g]).toArray();
    }

    /** Nodes of each graph of the batch. */
    public int[] sizes() {
        return Arrays.stream(graphs)
                .map(g -> collection.nodePtr()[g + 1] - collection.nodePtr()[g])
                .toArray();
    }

    /** Every node a row, on {@code layers} levels above the features. */
    public static GraphBatch of(GraphCollection c, int[] graphs, int layers) {
        int nodes = Arrays.stream(graphs)
                .map(g -> c.nodePtr()[g + 1] - c.nodePtr()[g])
                .sum();
        int[] tags = new int[nodes];
        int[] poolPtr = new int[graphs.length + 1];
        int[] rowPtr = new int[nodes + 1];
        IntList columns = new IntList();
        int node = 0;
        for (int i = 0; i < graphs.length; i++) {
            int first = c.nodePtr()[graphs[i]];
            int shift = node - first;
            for (int v = first; v < c.nodePtr()[graphs[i] + 1]; v++, node++) {
                tags[node] = c.tags()[v];
                int from = columns.size();
                for (int e = c.rowPtr()[v]; e < c.rowPtr()[v + 1]; e++) {
                    columns.add(c.colIdx()[e] + shift);
                }
                columns.add(node);
                columns.sort(from);
                rowPtr[node + 1] = columns.size();
            }
            poolPtr[i + 1] = node;
        }
        int[] all = new int[nodes];
        Arrays.setAll(all, v -> v);
        Pattern pooling = new Pattern(nodes, poolPtr, all, null);
        Level features = new Level(tags, null, null, null, pooling);
        Level level = new Level(tags, null, new Pattern(nodes, rowPtr, columns.toArray(), null), null, pooling);
        List<Level> levels = new ArrayList<>(List.of(features));
        for (int l = 1; l <= layers; l++) {
            levels.add(level);
        }
        return new GraphBatch(c, graphs, levels);
    }

    /** A row per colour, on as many levels as {@code colors} has rounds. */
    public static GraphBatch compressed(ColorRefinement colors, int[] graphs) {
        List<Level> levels = new ArrayList<>();
        int[] below = null;
        for (int l = 0; l <= colors.rounds(); l++) {
            ColorLevel level = new ColorLevel(colors, l, graphs, below);
            levels.add(level.build());
            below = level.colors();
        }
        return new GraphBatch(colors.graphs(), graphs, levels);
    }
}
