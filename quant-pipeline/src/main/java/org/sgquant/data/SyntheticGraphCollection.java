package org.sgquant.data;

import java.util.Optional;
import java.util.Random;

/**
 * Generated graphs of two classes that differ in how they grow, to try graph classification without any file: random
 * trees with a few extra edges, whose new nodes choose any node (class 0) or favour those of many neighbours (class 1).
 *
 * @param graphs number of graphs, classes in turn
 * @param leastNodes fewest nodes of a graph; the most are twice as many
 */
public record SyntheticGraphCollection(int graphs, int leastNodes, long seed) {

    /** What the name {@code synthetic-graphs} stands for. */
    public static final SyntheticGraphCollection DEFAULT = new SyntheticGraphCollection(300, 20, 0);

    private static final int FOLDS = 10;

    /** Node pairs per graph beyond those of the tree. */
    private static final int EXTRA_EDGES = 3;

    DatasetInfo info() {
        GraphCollection all = generate();
        return new DatasetInfo(
                all.name(),
                all.numNodes(),
                all.numEdges(),
                all.numFeatures(),
                all.numClasses(),
                Optional.empty(),
                "generated",
                graphs + " graphs to classify");
    }

    public GraphCollection generate() {
        Random random = new Random(seed);
        int[] nodePtr = new int[graphs + 1];
        int[] labels = new int[graphs];
        IntList src = new IntList();
        IntList dst = new IntList();
        for (int g = 0; g < graphs; g++) {
            labels[g] = g % 2;
            int first = nodePtr[g];
            int nodes = leastNodes + random.nextInt(leastNodes + 1);
            int from = src.size();
            for (int v = 1; v < nodes; v++) {
                boolean favours = labels[g] == 1 && v > 1;
                int edge = from + (favours ? random.nextInt(src.size() - from) : 0);
                int target = favours ? (random.nextBoolean() ? src : dst).get(edge) : first + random.nextInt(v);
                src.add(first + v);
                dst.add(target);
            }
            for (int e = 0; e < EXTRA_EDGES; e++) {
                src.add(first + random.nextInt(nodes));
                dst.add(first + random.nextInt(nodes));
            }
            nodePtr[g + 1] = first + nodes;
        }
        EdgeList edges = EdgeList.of(nodePtr[graphs], src.toArray(), dst.toArray());
        return GraphCollection.of(
                Datasets.SYNTHETIC_GRAPHS,
                nodePtr,
                edges,
                new int[nodePtr[graphs]],
                1,
                labels,
                2,
                GraphCollection.stratified(labels, 2, FOLDS, seed),
                FOLDS + " stratified folds, seed " + seed);
    }
}
