package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.SparseMatrix;

/** The published sets, where the environment names a folder that has them; then a missing one is a failure. */
@EnabledIfEnvironmentVariable(named = "SGQUANT_DATA", matches = ".+")
final class RealDataTest {

    private static Path data() {
        return Path.of(System.getenv("SGQUANT_DATA"));
    }

    private static Dataset open(String name, DatasetOptions options) {
        return Datasets.standard(data()).open(name, options);
    }

    /** Opening checks nodes, edges, features and classes against the published counts. */
    @ParameterizedTest
    @CsvSource({
        "cora,0,168,140,500,1000,true",
        "citeseer,48,99,120,500,1000,true",
        "amazon-computers,281,2992,200,300,13252,false",
        "computers,281,2992,200,300,13252,false",
        "tolokers,0,2138,5879,2939,2940,false",
        "actor,0,1303,3648,2432,1520,true"
    })
    void everySetOpensWithItsCounts(
            String name, int isolated, int maxDegree, int train, int validation, int test, boolean sparse) {
        try (Dataset d = open(name, DatasetOptions.DEFAULT)) {
            assertThat(d.cleaning().isolatedNodes()).isEqualTo(isolated);
            assertThat(d.graph().maxDegree()).isEqualTo(maxDegree);
            assertThat(d.features() instanceof Features.Sparse).isEqualTo(sparse);
            assertThat(d.split().train()).hasSize(train);
            assertThat(d.split().validation()).hasSize(validation);
            assertThat(d.split().test()).hasSize(test);
            assertThat(IntStream.of(d.labels()).distinct().count()).isEqualTo(d.numClasses());
            requireSymmetric(d.graph());
        }
    }

    private static void requireSymmetric(CsrGraph graph) {
        try (HostMemory memory = new HostMemory()) {
            CsrGraph transposed = graph.transpose(memory).graph();
            assertThat(transposed.colIdx().toArray()).isEqualTo(graph.colIdx().toArray());
            assertThat(transposed.rowPtr().toArray()).isEqualTo(graph.rowPtr().toArray());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cora", "citeseer"})
    void thePlanetoidFilesGiveTheSameDatasetAsTheNpz(String name) {
        Path raw = data().resolve(name).resolve("raw");
        try (Dataset npz = open(name, DatasetOptions.DEFAULT);
                Dataset pickles = Dataset.of(name, PlanetoidReader.read(raw, name), DatasetOptions.DEFAULT)) {
            assertThat(pickles.fingerprint()).isEqualTo(npz.fingerprint());
            assertThat(pickles.cleaning().edges()).isEqualTo(npz.cleaning().edges());
        }
    }

    @Test
    void citeseersZeroRowsStayZeroAndTheOthersSumToOne() {
        try (Dataset d = open("citeseer", DatasetOptions.DEFAULT)) {
            SparseMatrix x = ((Features.Sparse) d.features()).matrix();
            float[] values = x.values().row(0);
            int[] ptr = x.pattern().rowPtr().toArray();
            int zero = 0;
            for (int r = 0; r < x.rows(); r++) {
                double sum = 0;
                for (int e = ptr[r]; e < ptr[r + 1]; e++) {
                    sum += values[e];
                }
                zero += sum == 0 ? 1 : 0;
                assertThat(sum == 0 || Math.abs(sum - 1) < 1e-5).as("row %d", r).isTrue();
            }
            assertThat(zero).isEqualTo(15);
        }
    }

    @Test
    void theTenMasksOfTolokersDiffer() {
        try (Dataset first = open("tolokers", DatasetOptions.DEFAULT);
                Dataset last = open("tolokers", DatasetOptions.DEFAULT.withMaskIndex(9))) {
            assertThat(Arrays.equals(first.split().train(), last.split().train()))
                    .isFalse();
            assertThat(last.splitSource()).isEqualTo("published mask 9");
        }
    }

    @Test
    void theIncompletePubmedIsATopologyAndNotADataset() {
        assertThatThrownBy(() -> open("pubmed-topology", DatasetOptions.DEFAULT))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("got those of 1060 nodes, expected all 19717 (only its topology can be used)");
        try (HostMemory memory = new HostMemory()) {
            CsrGraph graph = Datasets.standard(data()).topology("pubmed-topology", memory);
            assertThat(graph.numRows()).isEqualTo(19717);
            assertThat(graph.numEdges()).isEqualTo(88648);
        }
    }

    @Test
    void everySetOfTheFolderIsListedAsFound() {
        assertThat(Datasets.standard(data()).list())
                .filteredOn(info -> info.location().isPresent())
                .extracting(DatasetInfo::name)
                .contains("cora", "citeseer", "amazon-computers", "tolokers", "actor", "pubmed-topology");
    }
}
