package org.sgquant.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Reads a published Planetoid folder: {@code ind.NAME.allx, ally, tx, ty, y, graph, test.index}.
 *
 * <p>Nodes 0 to T-1 have the rows of allx and ally in order; node {@code testIndex[i]} has row i of tx and ty. Where the
 * test indices leave gaps (Citeseer's isolated nodes), a node of a gap has a zero feature row and, like in the other
 * published forms, label 0. Split: the rows of y train, the next 500 nodes validate, the listed ones test. Source: Yang
 * et al., Revisiting Semi-Supervised Learning with Graph Embeddings, ICML 2016.
 */
final class PlanetoidReader {

    private static final int VALIDATION = 500;

    private final Path folder;
    private final String name;

    private PlanetoidReader(Path folder, String name) {
        this.folder = folder;
        this.name = name;
    }

    static GraphData read(Path folder, String name) {
        return new PlanetoidReader(folder, name).read();
    }

    private Path path(String part) {
        return folder.resolve("ind." + name + "." + part);
    }

    private FormatException error(String part, String got, String expected) {
        return new FormatException(path(part).toString(), part, got, expected);
    }

    private GraphData read() {
        EdgeList edges = edges();
        int nodes = edges.nodes();
        int[] test = testIndex(nodes);
        FeatureTable first = matrix("allx");
        FeatureTable last = matrix("tx");
        int known = first.rows();
        requireRows("tx", last.rows(), test.length);
        if (last.cols() != first.cols()) {
            throw error("tx", last.cols() + " columns", first.cols() + ", as allx has");
        }
        // Row of allx followed by tx that belongs to a node, -1 in a gap.
        int[] rowOf = new int[nodes];
        Arrays.fill(rowOf, -1);
        for (int i = 0; i < known; i++) {
            rowOf[i] = i;
        }
        for (int i = 0; i < test.length; i++) {
            if (rowOf[test[i]] >= 0) {
                throw error("test.index", "node " + test[i] + " twice or among allx", "new nodes");
            }
            rowOf[test[i]] = known + i;
        }
        int[] knownLabels = classes("ally");
        int[] testLabels = classes("ty");
        requireRows("ally", knownLabels.length, known);
        requireRows("ty", testLabels.length, test.length);
        int[] labels = new int[nodes];
        Arrays.setAll(
                labels,
                i -> rowOf[i] < 0 ? 0 : rowOf[i] < known ? knownLabels[rowOf[i]] : testLabels[rowOf[i] - known]);
        int train = classes("y").length;
        if (train > known) {
            throw error("y", train + " rows", "at most the " + known + " of ally");
        }
        Split split = new Split(
                IntStream.range(0, train).toArray(),
                IntStream.range(train, Math.min(train + VALIDATION, known)).toArray(),
                test);
        return new GraphData(folder.toString(), edges, first.stacked(last, rowOf), labels, split, "published split");
    }

    private void requireRows(String part, int got, int expected) {
        if (got != expected) {
            throw error(part, got + " rows", Integer.toString(expected));
        }
    }

    private FeatureTable matrix(String part) {
        String file = path(part).toString();
        Map<?, ?> fields = SafeUnpickler.matrix(SafeUnpickler.read(path(part)), file);
        if (!(fields.get("_shape") instanceof Object[] shape
                && shape.length == 2
                && shape[0] instanceof Integer rows
                && shape[1] instanceof Integer cols
                && cols >= 0)) {
            throw error(part, "a matrix without a shape", "rows and columns");
        }
        CsrArrays csr = CsrArrays.of(
                SafeUnpickler.array(fields.get("indptr"), file, "indptr"),
                SafeUnpickler.array(fields.get("indices"), file, "indices"),
                cols);
        requireRows(part, csr.rows(), rows);
        return FeatureTable.sparse(csr, SafeUnpickler.array(fields.get("data"), file, "data"));
    }

    /** Column of the largest value in every row of a one-hot matrix. */
    private int[] classes(String part) {
        Path path = path(part);
        NpyArray oneHot = SafeUnpickler.array(SafeUnpickler.read(path), path.toString(), part)
                .requireRank(2);
        float[] values = oneHot.floats();
        int cols = oneHot.dim(1);
        int[] classes = new int[oneHot.dim(0)];
        for (int r = 0; r < classes.length; r++) {
            for (int c = 1; c < cols; c++) {
                if (values[r * cols + c] > values[r * cols + classes[r]]) {
                    classes[r] = c;
                }
            }
        }
        return classes;
    }

    private EdgeList edges() {
        if (!(SafeUnpickler.read(path("graph")) instanceof Map<?, ?> graph)) {
            throw error("graph", "something else", "a dictionary of neighbour lists");
        }
        int nodes = graph.size();
        List<Integer> pairs = new ArrayList<>();
        graph.forEach((node, neighbours) -> {
            if (!(neighbours instanceof List<?> list)) {
                throw error("graph", "node " + node + " without a list", "a list of neighbours");
            }
            for (Object neighbour : list) {
                pairs.add(node(neighbour, nodes));
                pairs.add(node(node, nodes));
            }
        });
        return EdgeList.ofPairs(
                nodes, pairs.stream().mapToInt(Integer::intValue).toArray(), true);
    }

    private int node(Object value, int nodes) {
        if (value instanceof Integer node && node >= 0 && node < nodes) {
            return node;
        }
        throw error(
                "graph", value instanceof Integer ? "node " + value : "a node of another kind", "0.." + (nodes - 1));
    }

    private int[] testIndex(int nodes) {
        Path path = path("test.index");
        try {
            List<String> lines = Files.readAllLines(path, StandardCharsets.US_ASCII);
            int[] test = new int[lines.size()];
            for (int i = 0; i < test.length; i++) {
                String line = lines.get(i).strip();
                if (!line.matches("[0-9]{1,9}") || Integer.parseInt(line) >= nodes) {
                    throw new FormatException(
                            path.toString(), "line " + (i + 1), "'" + line + "'", "0.." + (nodes - 1));
                }
                test[i] = Integer.parseInt(line);
            }
            return test;
        } catch (IOException e) {
            throw FormatException.unreadable(path, "one node per line", e);
        }
    }
}
