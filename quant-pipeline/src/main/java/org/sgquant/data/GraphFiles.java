package org.sgquant.data;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * A graph of the user's own in separate files; the number of nodes is the number of feature rows.
 *
 * <ul>
 *   <li>{@code edges}: csv with {@code src,dst} per line, or npz with {@code edge_index} (2, E) or {@code edges} (E, 2)
 *   <li>{@code features}: npy (N, F), or npz: a SciPy CSR matrix, or one array {@code features} or {@code x}
 *   <li>{@code labels}: npy (N), or csv with one class or {@code node,class} per line; null leaves all unlabelled
 *   <li>{@code split}: npz with {@code train}, {@code val} and {@code test}, or these with {@code _idx} (lists of nodes) or
 *       {@code _mask} (booleans, one per node); null shuffles the labelled nodes into 60/20/20 %
 * </ul>
 */
public record GraphFiles(Path edges, Path features, Path labels, Path split) {

    /** Reads, checks, cleans; the caller closes the dataset. Errors: {@link FormatException}. */
    public Dataset open(String name, DatasetOptions options) {
        FeatureTable table = readFeatures();
        int nodes = table.rows();
        int[] classes = labels == null ? unlabelled(nodes) : readLabels(nodes);
        GraphData.checkLabels(classes, nodes, labels == null ? name : labels.toString());
        SplitReader.Found found = split == null ? shuffled(classes, options.splitSeed()) : readSplit(nodes, options);
        String source = split == null ? edges.toString() : split.toString();
        GraphData data = new GraphData(source, readEdges(nodes), table, classes, found.split(), found.source());
        return Dataset.of(name, data, options);
    }

    private FeatureTable readFeatures() {
        if (hasEnding(features, ".npy")) {
            return NpzGraphReader.dense(NpyReader.read(features));
        }
        try (NpzFile npz = NpzFile.open(features)) {
            if (npz.has("indptr")) {
                if (npz.has("format") && !npz.get("format").text().equals("csr")) {
                    throw npz.error("format", npz.get("format").text(), "csr (convert with .tocsr())");
                }
                return FeatureTable.sparse(npz, "");
            }
            return NpzGraphReader.dense(npz, npz.has("x") ? "x" : "features");
        }
    }

    private EdgeList readEdges(int nodes) {
        if (hasEnding(edges, ".npz")) {
            try (NpzFile npz = NpzFile.open(edges)) {
                return NpzGraphReader.pairs(npz, nodes);
            }
        }
        return CsvReader.edges(edges, nodes);
    }

    private int[] readLabels(int nodes) {
        return hasEnding(labels, ".npy")
                ? NpzGraphReader.labels(NpyReader.read(labels))
                : CsvReader.labels(labels, nodes);
    }

    private SplitReader.Found readSplit(int nodes, DatasetOptions options) {
        try (NpzFile npz = NpzFile.open(split)) {
            Optional<SplitReader.Found> found = SplitReader.read(npz, nodes, options.maskIndex());
            return found.orElseThrow(
                    () -> npz.error("file", "the arrays " + npz.names(), "train, val and test (or ..._idx, ..._mask)"));
        }
    }

    private static SplitReader.Found shuffled(int[] labels, long seed) {
        return new SplitReader.Found(Split.random(labels, seed), "60/20/20 % at random, seed " + seed);
    }

    private static int[] unlabelled(int nodes) {
        int[] labels = new int[nodes];
        Arrays.fill(labels, -1);
        return labels;
    }

    private static boolean hasEnding(Path path, String ending) {
        return path.toString().toLowerCase(Locale.ROOT).endsWith(ending);
    }
}
