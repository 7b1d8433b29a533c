package org.sgquant.data;

import java.nio.file.Path;
import java.util.Arrays;

/**
 * Reads a whole graph from one npz file in either of two published layouts.
 *
 * <p>CSR layout: {@code adj_data, adj_indices, adj_indptr, adj_shape}, the same with {@code attr_}, {@code labels}, and
 * a split where there is a public one. Edge-list layout: {@code node_features} (N, F), {@code node_labels} (N),
 * {@code edges} (E, 2), {@code train_masks} (k, N) and so on.
 */
final class NpzGraphReader {

    /** The usual protocol for a graph without a public split: per class so many to train on and to validate on. */
    private static final int TRAIN_PER_CLASS = 20;

    private static final int VALIDATION_PER_CLASS = 30;

    private NpzGraphReader() {}

    static GraphData read(Path path, DatasetOptions options) {
        try (NpzFile npz = NpzFile.open(path)) {
            requireAllFeatures(npz);
            EdgeList edges = edges(npz);
            boolean csr = npz.has("adj_indptr");
            FeatureTable features = csr ? FeatureTable.sparse(npz, "attr_") : dense(npz, "node_features");
            int[] labels = labels(npz.get(csr ? "labels" : "node_labels"));
            GraphData.checkLabels(labels, edges.nodes(), npz.file());
            SplitReader.Found split = SplitReader.read(npz, edges.nodes(), options.maskIndex())
                    .orElseGet(() -> perClass(labels, options.splitSeed()));
            return new GraphData(npz.file(), edges, features, labels, split.split(), split.source());
        }
    }

    /** Only the edges. */
    static EdgeList readEdges(Path path) {
        try (NpzFile npz = NpzFile.open(path)) {
            return edges(npz);
        }
    }

    private static SplitReader.Found perClass(int[] labels, long seed) {
        Split split = Split.perClass(labels, TRAIN_PER_CLASS, VALIDATION_PER_CLASS, seed);
        return new SplitReader.Found(
                split, TRAIN_PER_CLASS + " train and " + VALIDATION_PER_CLASS + " validation per class, seed " + seed);
    }

    /** A file that lists the nodes whose features it knows must know them all, or accuracy would mean nothing. */
    private static void requireAllFeatures(NpzFile npz) {
        if (npz.has("attr_known_idx")) {
            NpyArray known = npz.get("attr_known_idx");
            int nodes = npz.get("labels").size();
            if (known.size() < nodes) {
                throw npz.error(
                        "features",
                        "those of " + known.size() + " nodes",
                        "all " + nodes + " (only its topology can be used)");
            }
        }
    }

    private static EdgeList edges(NpzFile npz) {
        if (npz.has("adj_indptr")) {
            return adjacency(npz);
        }
        if (npz.has("edges")) {
            int nodes = npz.get("node_labels").requireRank(1).size();
            return pairs(npz, nodes);
        }
        throw npz.error("file", "the arrays " + npz.names(), "adj_indptr... or node_features, node_labels, edges");
    }

    private static EdgeList adjacency(NpzFile npz) {
        CsrArrays csr = CsrArrays.read(npz, "adj_");
        if (csr.rows() != csr.cols()) {
            throw npz.error("adj_shape", csr.rows() + " x " + csr.cols(), "a square matrix");
        }
        int[] dst = new int[csr.col().length];
        for (int r = 0; r < csr.rows(); r++) {
            Arrays.fill(dst, csr.ptr()[r], csr.ptr()[r + 1], r);
        }
        int weights = 0;
        if (npz.has("adj_data")) {
            NpyArray data = npz.get("adj_data").requireSize(dst.length, "one per column index");
            float[] values = data.floats();
            for (int e = 0; e < values.length; e++) {
                if (values[e] == 0) {
                    throw data.errorAt(e, "0", "a weight other than 0 for a listed edge");
                }
                weights += values[e] == 1 ? 0 : 1;
            }
        }
        return new EdgeList(csr.rows(), csr.col(), dst, weights);
    }

    /** Edges from {@code edges} (E, 2) or {@code edge_index} (2, E). */
    static EdgeList pairs(NpzFile npz, int nodes) {
        boolean interleaved = npz.has("edges");
        if (!interleaved && !npz.has("edge_index")) {
            throw npz.error("file", "the arrays " + npz.names(), "edges (E, 2) or edge_index (2, E)");
        }
        NpyArray array = npz.get(interleaved ? "edges" : "edge_index").requireRank(2);
        if (array.dim(interleaved ? 1 : 0) != 2) {
            throw array.error("shape " + array.shapeText(), interleaved ? "(E, 2)" : "(2, E)");
        }
        return EdgeList.ofPairs(nodes, array.ints(0, nodes - 1), interleaved);
    }

    static FeatureTable dense(NpzFile npz, String name) {
        return dense(npz.get(name));
    }

    static FeatureTable dense(NpyArray array) {
        array.requireRank(2);
        return FeatureTable.dense(array.dim(0), array.dim(1), array.floats());
    }

    /** One label per node, shape (N) or (N, 1). */
    static int[] labels(NpyArray array) {
        if (array.rank() == 2 && array.dim(1) == 1) {
            return array.ints(-1, Integer.MAX_VALUE);
        }
        return array.requireRank(1).ints(-1, Integer.MAX_VALUE);
    }
}
