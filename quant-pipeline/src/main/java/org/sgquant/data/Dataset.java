package org.sgquant.data;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.ShapeException;

/**
 * A graph to learn on: N nodes, symmetric edges, features N x F, labels, a split. Owns one host memory.
 *
 * <p>The graph has no self loops and no duplicates and its columns ascend. Labels run from 0 to numClasses - 1; -1
 * means unlabelled.
 */
public final class Dataset implements AutoCloseable {

    private final String name;
    private final HostMemory memory;
    private final CsrGraph graph;
    private final Features features;
    private final int[] labels;
    private final int numClasses;
    private final Split split;
    private final String splitSource;
    private final CleaningReport cleaning;
    private String fingerprint;

    private Dataset(
            String name,
            HostMemory memory,
            CsrGraph graph,
            Features features,
            int[] labels,
            int numClasses,
            Split split,
            String splitSource,
            CleaningReport cleaning) {
        this.name = name;
        this.memory = memory;
        this.graph = graph;
        this.features = features;
        this.labels = labels;
        this.numClasses = numClasses;
        this.split = split;
        this.splitSource = splitSource;
        this.cleaning = cleaning;
    }

    /** Cleans the edges, normalises the features if asked to, and moves everything off the heap. */
    static Dataset of(String name, GraphData data, DatasetOptions options) {
        HostMemory memory = new HostMemory();
        try {
            EdgeList.Cleaned cleaned = data.edges().clean(memory);
            LabelNoise noise = options.labelNoise();
            FeatureTable table = options.normalizeRows() ? data.features().normalizedRows() : data.features();
            return new Dataset(
                    name,
                    memory,
                    cleaned.graph(),
                    table.store(memory, data.source()),
                    noise == null ? data.labels() : noise.apply(data.labels(), data.split(), data.numClasses()),
                    data.numClasses(),
                    data.split(),
                    noise == null ? data.splitSource() : data.splitSource() + "; " + noise,
                    cleaned.report());
        } catch (RuntimeException e) {
            memory.close();
            throw e;
        }
    }

    public String name() {
        return name;
    }

    public CsrGraph graph() {
        return graph;
    }

    public Features features() {
        return features;
    }

    /** Label of every node; not to be written to. */
    public int[] labels() {
        return labels;
    }

    public int numNodes() {
        return graph.numRows();
    }

    public int numFeatures() {
        return features.cols();
    }

    public int numClasses() {
        return numClasses;
    }

    public Split split() {
        return split;
    }

    /** Where the split comes from, as {@code "published split"}; for the report. */
    public String splitSource() {
        return splitSource;
    }

    public CleaningReport cleaning() {
        return cleaning;
    }

    /** Neighbours of every node in the cleaned graph. */
    public int[] degrees() {
        return graph.degrees();
    }

    /** Bytes held outside the heap. */
    public long bytes() {
        return memory.allocatedBytes();
    }

    /** SHA-256 in hex over graph, features, labels and split: equal iff a model sees the same input. */
    public synchronized String fingerprint() {
        if (fingerprint == null) {
            fingerprint = Fingerprint.of(this);
        }
        return fingerprint;
    }

    /**
     * Renumbers the nodes: new node i is old node {@code newToOld[i]}. The result owns its own memory.
     *
     * <p>Errors: {@link ShapeException} unless {@code newToOld} lists every node once.
     */
    public Dataset permuted(int[] newToOld) {
        Permutation permutation = Permutation.of(newToOld, numNodes());
        HostMemory target = new HostMemory();
        return new Dataset(
                name,
                target,
                permutation.apply(graph, target),
                permutation.apply(features, target),
                permutation.apply(labels),
                numClasses,
                split.mapped(node -> permutation.oldToNew()[node]),
                splitSource,
                cleaning);
    }

    @Override
    public void close() {
        memory.close();
    }

    @Override
    public String toString() {
        return name + ": " + numNodes() + " nodes, " + graph.numEdges() + " directed edges, " + numFeatures()
                + " features, " + numClasses + " classes";
    }
}
