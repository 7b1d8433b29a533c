package org.sgquant.model;

import org.sgquant.data.Dataset;

/** What the shapes of a model depend on; {@code numEdges} counts the self loop of every node. */
public record ModelSizes(int numNodes, int numEdges, int numFeatures, int numClasses) {

    /** Sizes of {@code data}, self loops added, with {@code numClasses} outputs. */
    public static ModelSizes of(Dataset data, int numClasses) {
        return new ModelSizes(
                data.numNodes(), data.graph().numEdges() + data.numNodes(), data.numFeatures(), numClasses);
    }

    public static ModelSizes of(GraphInput input) {
        return new ModelSizes(
                input.numNodes(), input.adjacency().graph().numEdges(), input.numFeatures(), input.numClasses());
    }
}
