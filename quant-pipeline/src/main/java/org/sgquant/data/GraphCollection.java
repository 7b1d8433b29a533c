package org.sgquant.data;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.HostMemory;

/**
 * Many small graphs to classify, as one disjoint union: graph g has the nodes {@code nodePtr[g] .. nodePtr[g + 1]}.
 *
 * <p>Node v has the ascending neighbours {@code colIdx[rowPtr[v] .. rowPtr[v + 1])}, numbered in the union, symmetric and
 * without itself, and a tag, which decides its features. Labels run from 0 to numClasses - 1. The arrays are not to be
 * written to.
 */
public record GraphCollection(
        String name,
        int[] nodePtr,
        int[] rowPtr,
        int[] colIdx,
        int[] tags,
        TagFeatures tagFeatures,
        int[] labels,
        int numClasses,
        List<Fold> folds,
        String foldSource) {

    /** Graphs to train on and to report on. */
    public record Fold(int[] train, int[] test) {}

    /** Cleans the edges: both directions, no self loops, no repeats. */
    static GraphCollection of(
            String name,
            int[] nodePtr,
            EdgeList edges,
            int[] tags,
            int numTags,
            int[] labels,
            int numClasses,
            List<Fold> folds,
            String foldSource) {
        try (HostMemory memory = new HostMemory()) {
            CsrGraph graph = edges.clean(memory).graph();
            return new GraphCollection(
                    name,
                    nodePtr,
                    graph.rowPtr().toArray(),
                    graph.colIdx().toArray(),
                    tags,
                    TagFeatures.oneHot(numTags),
                    labels,
                    numClasses,
                    folds,
                    foldSource);
        }
    }

    public int numGraphs() {
        return labels.length;
    }

    public int numNodes() {
        return tags.length;
    }

    /** Directed edges. */
    public int numEdges() {
        return colIdx.length;
    }

    public int degree(int node) {
        return rowPtr[node + 1] - rowPtr[node];
    }

    public int numTags() {
        return tagFeatures.numTags();
    }

    /** Columns of the features of the nodes. */
    public int numFeatures() {
        return tagFeatures.numFeatures();
    }

    /** The same graphs with other tags. */
    GraphCollection withTags(int[] otherTags, TagFeatures features) {
        return new GraphCollection(
                name, nodePtr, rowPtr, colIdx, otherTags, features, labels, numClasses, folds, foldSource);
    }

    /** The same graphs with the degree of each node as its tag, in the steps of {@link DegreeProfile}. */
    public GraphCollection withDegreeTags() {
        int[] degreeTags = new int[numNodes()];
        Arrays.setAll(degreeTags, v -> DegreeProfile.step((double) degree(v) * degree(v)));
        int most = Arrays.stream(degreeTags).max().orElse(0);
        return withTags(degreeTags, TagFeatures.oneHot(most + 1));
    }

    /** Graphs of fold {@code f}: its test part, and a ninth of each class of its training part for validation. */
    public Split split(int f) {
        Fold fold = folds.get(f);
        int[] shuffled = Split.shuffle(fold.train().clone(), new Random(f));
        int[] seen = new int[numClasses];
        int[] size = new int[numClasses];
        for (int g : shuffled) {
            size[labels[g]]++;
        }
        boolean[] held = new boolean[numGraphs()];
        for (int g : shuffled) {
            held[g] = seen[labels[g]]++ < Math.round(size[labels[g]] / 9.0);
        }
        return new Split(
                IntStream.of(shuffled).filter(g -> !held[g]).toArray(),
                IntStream.of(shuffled).filter(g -> held[g]).toArray(),
                fold.test());
    }

    /** {@code count} disjoint folds with the classes spread evenly, drawn with {@code seed}. */
    static List<Fold> stratified(int[] labels, int numClasses, int count, long seed) {
        int[] order = Split.shuffle(IntStream.range(0, labels.length).toArray(), new Random(seed));
        int[] foldOf = new int[labels.length];
        int next = 0;
        for (int c = 0; c < numClasses; c++) {
            for (int g : order) {
                if (labels[g] == c) {
                    foldOf[g] = next++ % count;
                }
            }
        }
        return IntStream.range(0, count)
                .mapToObj(f -> new Fold(
                        IntStream.range(0, labels.length)
                                .filter(g -> foldOf[g] != f)
                                .toArray(),
                        IntStream.range(0, labels.length)
                                .filter(g -> foldOf[g] == f)
                                .toArray()))
                .toList();
    }

    /** SHA-256 in hex over graphs, tags, labels and folds. */
    public String fingerprint() {
        return Fingerprint.of(this);
    }

    @Override
    public String toString() {
        return name + ": " + numGraphs() + " graphs, " + numNodes() + " nodes, " + numEdges() + " directed edges, "
                + numFeatures() + (numFeatures() == 1 ? " feature, " : " features, ") + numClasses + " classes";
    }
}
