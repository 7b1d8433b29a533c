package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.tensor.SparseMatrix;

final class NpzGraphReaderTest {

    private static final DatasetOptions RAW = DatasetOptions.DEFAULT.withNormalizeRows(false);

    @TempDir
    private Path folder;

    private Dataset open(Map<String, byte[]> arrays, DatasetOptions options) {
        Path path = Npy.write(folder.resolve("g.npz"), arrays);
        return Dataset.of("g", NpzGraphReader.read(path, options), options);
    }

    private void refuses(Map<String, byte[]> arrays, String message) {
        assertThatThrownBy(() -> open(arrays, DatasetOptions.DEFAULT).close())
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(folder.resolve("g.npz") + ": ")
                .hasMessageContaining(message);
    }

    @Test
    void theCsrLayoutIsReadCleanedAndCounted() {
        try (Dataset g = open(Fixtures.csr(), RAW)) {
            assertThat(g.graph().rowPtr().toArray()).containsExactly(0, 1, 3, 4, 5, 6, 6);
            assertThat(g.graph().colIdx().toArray()).containsExactly(1, 0, 2, 1, 4, 3);
            assertThat(g.cleaning()).isEqualTo(new CleaningReport(6, 6, 1, 1, 2, 6, 1, 0));
            assertThat(g.degrees()).containsExactly(1, 2, 1, 1, 1, 0);
            SparseMatrix x = ((Features.Sparse) g.features()).matrix();
            assertThat(x.pattern().rowPtr().toArray()).containsExactly(0, 1, 3, 4, 5, 6, 6);
            assertThat(x.pattern().colIdx().toArray()).containsExactly(0, 2, 4, 1, 3, 0);
            assertThat(x.values().row(0)).containsExactly(1, 1, 3, 2, 1, 1);
            assertThat(g.labels()).containsExactly(0, 1, 0, 1, 0, 1);
            assertThat(g.numClasses()).isEqualTo(2);
            assertThat(g.split().train()).containsExactly(0, 1);
            assertThat(g.split().validation()).containsExactly(2, 3);
            assertThat(g.split().test()).containsExactly(4);
            assertThat(g.splitSource()).isEqualTo("published split");
        }
    }

    @Test
    void rowsAreNormalisedByDefaultAndZeroRowsStay() {
        try (Dataset g = open(Fixtures.csr(), DatasetOptions.DEFAULT)) {
            SparseMatrix x = ((Features.Sparse) g.features()).matrix();
            assertThat(x.values().row(0)).containsExactly(1, 0.25f, 0.75f, 1, 1, 1);
        }
    }

    @Test
    void bothLayoutsGiveTheSameDataset() {
        try (Dataset csr = open(Fixtures.csr(), DatasetOptions.DEFAULT);
                Dataset list = open(Fixtures.edgeList(), DatasetOptions.DEFAULT)) {
            assertThat(list.fingerprint()).isEqualTo(csr.fingerprint());
            assertThat(list.cleaning()).isEqualTo(csr.cleaning());
            assertThat(list.splitSource()).isEqualTo("published mask 0");
        }
    }

    @Test
    void anotherMaskIsAnotherSplit() {
        try (Dataset g = open(Fixtures.edgeList(), RAW.withMaskIndex(1))) {
            assertThat(g.split().train()).containsExactly(4);
            assertThat(g.split().validation()).containsExactly(1, 5);
            assertThat(g.split().test()).containsExactly(0);
        }
        assertThatThrownBy(() -> open(Fixtures.edgeList(), RAW.withMaskIndex(2)))
                .hasMessageEndingWith("train_masks: got mask index 2, expected 0..1");
    }

    @Test
    void theShapeOfTheTransposedFeaturesIsUnderstood() {
        Map<String, byte[]> arrays = Fixtures.csr();
        arrays.put("attr_shape", Npy.longs(5, 6));
        try (Dataset g = open(arrays, RAW)) {
            assertThat(g.numFeatures()).isEqualTo(5);
        }
    }

    @Test
    void negativeFeaturesAreHeldDense() {
        Map<String, byte[]> arrays = Fixtures.csr();
        arrays.put("attr_data", Npy.floats(1, -3, 1, 2, 1, 1));
        try (Dataset g = open(arrays, DatasetOptions.DEFAULT)) {
            float[][] x = ((Features.Dense) g.features()).matrix().toArray();
            assertThat(x[1]).containsExactly(0, 0, 0.25f, 0, -0.75f);
            assertThat(g.features().nonZeros()).isEqualTo(6);
        }
    }

    @Test
    void aFileWithoutASplitGetsASeededOnePerClass() {
        Map<String, byte[]> arrays = Fixtures.csr();
        arrays.keySet().removeIf(name -> name.endsWith("_idx"));
        try (Dataset g = open(arrays, DatasetOptions.DEFAULT.withSplitSeed(3))) {
            assertThat(g.split().train()).containsExactly(0, 1, 2, 3, 4, 5);
            assertThat(g.splitSource()).isEqualTo("20 train and 30 validation per class, seed 3");
        }
    }

    @Test
    void weightsOtherThanOneAreIgnoredAndCounted() {
        Map<String, byte[]> arrays = Fixtures.csr();
        arrays.put("adj_data", Npy.floats(1, 2, 1, 0.5, 1, 1));
        try (Dataset g = open(arrays, RAW)) {
            assertThat(g.cleaning().weightsIgnored()).isEqualTo(2);
            assertThat(g.cleaning().toString()).endsWith("1 isolated of 6 nodes, 2 edge weights ignored");
        }
    }

    @Test
    void whatDoesNotFitIsNamed() {
        refuses(with("adj_indices", Npy.longs(1, 1, 0, 2, 3, 6)), "adj_indices[5]: got 6, expected a value in 0..5");
        refuses(with("adj_indptr", Npy.longs(0, 2, 1, 4, 5, 6, 6)), "adj_indptr[2]: got 1, expected at least 2");
        refuses(with("adj_indptr", Npy.longs(0, 2, 4, 4, 5, 6, 5)), "expected at least 6");
        refuses(with("adj_shape", Npy.longs(6, 7)), "got 6 x 7, expected a square matrix");
        refuses(with("adj_data", Npy.floats(1, 1, 0, 1, 1, 1)), "adj_data[2]: got 0");
        refuses(with("attr_shape", Npy.longs(7, 7)), "got 7 x 7, expected 6 rows");
        refuses(with("attr_shape", Npy.longs(6, 1L << 30)), "expected at most 16777216");
        refuses(with("attr_indices", Npy.longs(0, 4, 4, 1, 3, 0)), "column 4 twice in row 1");
        refuses(with("attr_data", Npy.floats(1, 3)), "got 2 values, expected 6 (one per column index)");
        refuses(with("attr_indptr", Npy.longs(0, 6)), "attr_shape: got 6 x 5, expected 1 rows");
        refuses(with("labels", Npy.longs(0, 1)), "got 2 labels, expected 6");
        refuses(with("labels", Npy.floats(0, 1, 0, 1, 0, 1)), "labels: got type F4");
        refuses(with("labels", Npy.longs(0, 1, 0, 1, 0, 65536)), "label of node 5: got 65536");
        refuses(with("labels", Npy.longs(0, -1, 0, 1, 0, 1)), "node 1 without a label");
        refuses(with("test_idx", Npy.longs(0)), "split: got node 0 listed twice");
        refuses(with("test_idx", Npy.longs(6)), "test_idx[0]: got 6");
        refuses(with("attr_known_idx", Npy.longs(0, 1)), "got those of 2 nodes, expected all 6");
        refuses(Map.of("x", Npy.longs(1)), "got the arrays [x], expected adj_indptr");
        Map<String, byte[]> noTest = Fixtures.csr();
        noTest.remove("test_idx");
        refuses(noTest, "expected one for test nodes (test_idx)");
    }

    private static Map<String, byte[]> with(String name, byte[] array) {
        Map<String, byte[]> arrays = Fixtures.csr();
        arrays.put(name, array);
        return arrays;
    }
}
