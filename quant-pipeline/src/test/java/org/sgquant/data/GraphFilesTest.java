package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GraphFilesTest {

    private static final String EDGES = "0,1\n1,0\n0,1\n1,2\n3,3\n4,3\n";

    @TempDir
    private Path folder;

    private Path edges;
    private Path features;
    private Path labels;
    private Path split;

    @BeforeEach
    void writeFiles() {
        edges = text("e.csv", EDGES);
        features = Npy.write(folder.resolve("x.npy"), Npy.of("<f8", false, new int[] {6, 5}, Fixtures.features()));
        labels = Npy.write(folder.resolve("y.npy"), Npy.longs(Fixtures.LABELS));
        split = Npy.write(
                folder.resolve("s.npz"),
                Map.of("train", Npy.longs(0, 1), "val", Npy.longs(2, 3), "test", Npy.longs(4)));
    }

    private Path text(String name, String content) {
        return Npy.write(folder.resolve(name), content.getBytes(StandardCharsets.UTF_8));
    }

    private Dataset open() {
        return new GraphFiles(edges, features, labels, split).open("mine", DatasetOptions.DEFAULT);
    }

    private String expected() {
        Path path = Npy.write(folder.resolve("g.npz"), Fixtures.csr());
        GraphData data = NpzGraphReader.read(path, DatasetOptions.DEFAULT);
        try (Dataset d = Dataset.of("g", data, DatasetOptions.DEFAULT)) {
            return d.fingerprint();
        }
    }

    private void opensTheSame() {
        try (Dataset d = open()) {
            assertThat(d.fingerprint()).isEqualTo(expected());
        }
    }

    private void refuses(String message) {
        assertThatThrownBy(() -> open().close())
                .isInstanceOf(FormatException.class)
                .hasMessageEndingWith(message);
    }

    @Test
    void separateFilesGiveTheSameDatasetAsOne() {
        opensTheSame();
    }

    @Test
    void csvMayHaveHeaderCommentsBlanksAndOtherSeparators() {
        edges = text("e.csv", "# my graph\nsrc,dst\n0, 1\n1;0\n\n0\t1 # again\r\n1  2\n 3,3 \n4,3");
        labels = text("y.csv", "node,label\n5,1\n4,0\n3,1\n2,0\n1,1\n0,0\n");
        opensTheSame();
        labels = text("y.csv", "label\n0\n1\n0\n1\n0\n1\n");
        opensTheSame();
    }

    @Test
    void edgesMayBeAnNpzOfEitherForm() {
        edges = Npy.write(
                folder.resolve("e.npz"),
                Map.of("edge_index", Npy.of("<i8", false, new int[] {2, 6}, 0, 1, 0, 1, 3, 4, 1, 0, 1, 2, 3, 3)));
        opensTheSame();
        edges = Npy.write(
                folder.resolve("e.npz"),
                Map.of("edges", Npy.of("<i4", false, new int[] {6, 2}, 0, 1, 1, 0, 0, 1, 1, 2, 3, 3, 4, 3)));
        opensTheSame();
        edges = Npy.write(
                folder.resolve("e.npz"), Map.of("edges", Npy.of("<i4", false, new int[] {2, 3}, 0, 1, 1, 0, 0, 1)));
        refuses("edges: got shape (2, 3), expected (E, 2)");
        edges = Npy.write(folder.resolve("e.npz"), Map.of("x", Npy.longs(1)));
        refuses("got the arrays [x], expected edges (E, 2) or edge_index (2, E)");
    }

    @Test
    void featuresMayBeSparseAsScipySavesThem() {
        Map<String, byte[]> csr = Fixtures.csr();
        Map<String, byte[]> saved = new LinkedHashMap<>();
        for (String name : new String[] {"data", "indices", "indptr", "shape"}) {
            saved.put(name, csr.get("attr_" + name));
        }
        saved.put("format", Npy.of("|S3", false, new int[0], "csr".getBytes(StandardCharsets.US_ASCII)));
        features = Npy.write(folder.resolve("x.npz"), saved);
        opensTheSame();
        saved.put("format", Npy.of("|S3", false, new int[0], "csc".getBytes(StandardCharsets.US_ASCII)));
        features = Npy.write(folder.resolve("x.npz"), saved);
        refuses("format: got csc, expected csr (convert with .tocsr())");
        features = Npy.write(
                folder.resolve("x.npz"), Map.of("x", Npy.of("<f4", true, new int[] {6, 1}, 1, 2, 3, 4, 5, 6)));
        try (Dataset d = open()) {
            assertThat(d.numFeatures()).isEqualTo(1);
        }
    }

    @Test
    void theSplitMayBeMasksOrBeLeftToChance() {
        int[] six = {6};
        split = Npy.write(
                folder.resolve("s.npz"),
                Map.of(
                        "train_mask", Npy.mask(six, 1, 1, 0, 0, 0, 0),
                        "val_mask", Npy.mask(six, 0, 0, 1, 1, 0, 0),
                        "test_mask", Npy.mask(six, 0, 0, 0, 0, 1, 0)));
        opensTheSame();
        split = Npy.write(folder.resolve("s.npz"), Map.of("train_mask", Npy.mask(new int[] {2}, 1, 1)));
        refuses("expected one for validation nodes (val_idx)");
        split = null;
        try (Dataset d = open()) {
            assertThat(d.split().train()).hasSize(3);
            assertThat(d.split().all()).containsExactly(0, 1, 2, 3, 4, 5);
            assertThat(d.splitSource()).isEqualTo("60/20/20 % at random, seed 0");
        }
        labels = null;
        try (Dataset d = open()) {
            assertThat(d.numClasses()).isZero();
            assertThat(d.labels()).containsOnly(-1);
        }
    }

    @Test
    void badLinesAreNamed() {
        edges = text("e.csv", EDGES + "6,0\n");
        refuses("e.csv: line 7: got node 6, expected 0..5");
        edges = text("e.csv", "0,1\n-1,0\n");
        refuses("e.csv: line 2: got node -1, expected 0..5");
        edges = text("e.csv", "0,1\n1,2,3\n");
        refuses("e.csv: line 2: got 3 values, expected 2");
        edges = text("e.csv", "0,1,1.0\n1,2,1.0\n");
        refuses("e.csv: line 1: got 3 values, expected 2");
        edges = text("e.csv", "0,1\n1,two\n");
        refuses("e.csv: line 2: got 'two', expected an integer");
        edges = text("e.csv", "0,1\n1,99999999999\n");
        refuses("e.csv: line 2: got '99999999999', expected an integer");
        edges = text("e.csv", "0\n1\n");
        refuses("e.csv: line 1: got 1 value, expected src,dst");
        edges = Npy.write(folder.resolve("e.csv"), new byte[] {'0', ',', (byte) 0xFF, '\n'});
        refuses("expected a readable csv file in UTF-8");
        edges = folder.resolve("none.csv");
        refuses("none.csv: file: got NoSuchFile, expected a readable csv file in UTF-8");
    }

    @Test
    void labelsThatDoNotFitAreNamed() {
        labels = text("y.csv", "0\n1\n");
        refuses("labels: got 2 labels, expected 6, one per node");
        labels = text("y.csv", "0,1\n0,1\n");
        refuses("y.csv: line 2: got node 0, expected each of 0..5 once");
        labels = text("y.csv", "0,-2\n");
        refuses("label of node 0: got -2, expected -1..65535");
        labels = text("y.csv", "0,1\n");
        refuses("split: got node 1 without a label, expected labelled nodes");
    }

    @Test
    void anEmptyEdgeFileIsAGraphWithoutEdges() {
        edges = text("e.csv", "src,dst\n");
        try (Dataset d = open()) {
            assertThat(d.graph().numEdges()).isZero();
            assertThat(d.cleaning().isolatedNodes()).isEqualTo(6);
        }
    }
}
