package org.sgquant.data;

/**
 * What a reader found, on the heap and before cleaning; {@code source} names the file or folder in errors.
 *
 * @param splitSource where the split comes from, for the report
 */
record GraphData(String source, EdgeList edges, FeatureTable features, int[] labels, Split split, String splitSource) {

    /** Most labels a class number can reach; a damaged label does not ask for gigabytes later. */
    private static final int MAX_CLASSES = 1 << 16;

    GraphData {
        int nodes = edges.nodes();
        if (edges.src().length > EdgeList.MAX_EDGES) {
            throw new FormatException(source, "edges", edges.src().length + " edges", "at most " + EdgeList.MAX_EDGES);
        }
        if (features.rows() != nodes) {
            throw new FormatException(source, "features", features.rows() + " rows", nodes + ", one per node");
        }
        checkLabels(labels, nodes, source);
        for (int node : split.all()) {
            if (node < 0 || node >= nodes) {
                throw new FormatException(source, "split", "node " + node, "0.." + (nodes - 1));
            }
            if (labels[node] < 0) {
                throw new FormatException(source, "split", "node " + node + " without a label", "labelled nodes");
            }
        }
    }

    /** Requires one label in -1..65535 per node, where -1 means unlabelled. */
    static void checkLabels(int[] labels, int nodes, String source) {
        if (labels.length != nodes) {
            throw new FormatException(source, "labels", labels.length + " labels", nodes + ", one per node");
        }
        for (int i = 0; i < nodes; i++) {
            if (labels[i] < -1 || labels[i] >= MAX_CLASSES) {
                throw new FormatException(
                        source, "label of node " + i, Integer.toString(labels[i]), "-1.." + (MAX_CLASSES - 1));
            }
        }
    }

    int numClasses() {
        int max = -1;
        for (int label : labels) {
            max = Math.max(max, label);
        }
        return max + 1;
    }
}
