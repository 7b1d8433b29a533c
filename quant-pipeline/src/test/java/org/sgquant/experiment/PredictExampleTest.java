package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.data.Dataset;
import org.sgquant.data.DatasetOptions;
import org.sgquant.data.FormatException;
import org.sgquant.data.GraphFiles;
import org.sgquant.data.OwnGraph;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.tensor.HostMemory;

/** The Java example of the README, compiled and run. */
final class PredictExampleTest {

    @TempDir
    private Path folder;

    /** Loads a graph and a saved model and predicts the class of every node. */
    static int[] example(Path edges, Path features, Path model) {
        GraphFiles files = new GraphFiles(edges, features, null, null);
        try (Dataset graph = files.open("mine", DatasetOptions.DEFAULT);
                Predictor predictor = Predictor.open(model, graph)) {
            int[] labels = predictor.labels();
            double[][] probabilities = predictor.probabilities();
            System.out.println("node 0 is of class " + labels[0] + " with " + probabilities[0][labels[0]]);
            return labels;
        }
    }

    @Test
    void theExamplePredictsEveryNodeFromFilesAndASavedModel() {
        GraphFiles files = OwnGraph.write(folder, SyntheticCitationGraph.SMALL);
        Path model = SmallModels.save(folder.resolve("model"), "8 L1.message=[8,7,6,5] @quartiles");
        int[] labels = example(files.edges(), files.features(), model);
        try (Dataset graph = SyntheticCitationGraph.SMALL.generate()) {
            long right = Arrays.stream(graph.split().test())
                    .filter(node -> labels[node] == graph.labels()[node])
                    .count();
            // Four classes: far above chance, which nodes in another order would give.
            assertThat(right).isGreaterThan(graph.split().test().length / 2);
        }
    }

    @Test
    void probabilitiesSumToOneAndNothingIsLeftInMemory() {
        Path model = SmallModels.save(folder.resolve("model"), "4");
        long before = HostMemory.liveBytes();
        try (Dataset graph = SyntheticCitationGraph.SMALL.generate();
                Predictor predictor = Predictor.open(model, graph)) {
            double[][] probabilities = predictor.probabilities();
            assertThat(probabilities).hasDimensions(200, 4);
            for (double[] row : probabilities) {
                assertThat(Arrays.stream(row).sum()).isBetween(1 - 1e-9, 1 + 1e-9);
            }
            assertThat(predictor.isTrainingData()).isTrue();
            assertThat(predictor.codesSha256())
                    .isEqualTo(predictor.saved().metrics().codesSha256());
        }
        SyntheticCitationGraph fewerWords =
                new SyntheticCitationGraph(50, 90, 30, 4, 0.8, 0.5, 5, 0.5, 2, 0.4, 3, 5, 5, 1);
        try (Dataset other = fewerWords.generate()) {
            assertThatThrownBy(() -> Predictor.open(model, other))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("features: got 30 columns, expected 64");
        }
        assertThat(HostMemory.liveBytes()).isEqualTo(before);
    }
}
