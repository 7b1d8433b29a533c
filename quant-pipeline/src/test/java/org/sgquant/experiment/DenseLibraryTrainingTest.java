package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.DatasetOptions;
import org.sgquant.data.Datasets;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.DenseLibrary;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.reference.ReferenceDenseOps;
import org.sgquant.model.GcnConfig;
import org.sgquant.quant.QuantConfig;
import org.sgquant.train.TrainConfig;

/** Whose dense products are used makes a difference of roundings, and so trains the same model. */
final class DenseLibraryTrainingTest {

    /** Sums in double under the name of a library: what there is on every class path. */
    private record Reference() implements DenseLibrary {
        @Override
        public String name() {
            return "reference";
        }

        @Override
        public DenseOps open(int threads) {
            return new ReferenceDenseOps();
        }
    }

    static Stream<DenseLibrary> libraries() {
        return Stream.concat(Stream.of(new Reference()), DenseLibrary.all().stream());
    }

    private static Experiment.Trained train(Supplier<Dataset> source, int epochs, Supplier<Backend> backend) {
        try (Dataset dataset = source.get();
                Lanes lanes = new Lanes(dataset, 1, lane -> backend.get())) {
            TrainConfig training = TrainConfig.of(GcnConfig.DEFAULT).withEpochs(epochs);
            return new Experiment(lanes, GcnConfig.DEFAULT, training, TrainConfig.FINE_TUNE, QuantConfig.DEFAULT)
                    .train(3, 1, t -> {})
                    .get(0);
        }
    }

    /** Relative to the largest weight of each matrix; in few epochs, for they let roundings grow. */
    private static void assertSameWeights(Experiment.Trained own, Experiment.Trained other, float tolerance) {
        List<float[][]> expected = own.weights();
        for (int p = 0; p < expected.size(); p++) {
            float largest = 0;
            float difference = 0;
            for (int r = 0; r < expected.get(p).length; r++) {
                for (int c = 0; c < expected.get(p)[r].length; c++) {
                    float weight = expected.get(p)[r][c];
                    largest = Math.max(largest, Math.abs(weight));
                    difference = Math.max(
                            difference, Math.abs(weight - other.weights().get(p)[r][c]));
                }
            }
            assertThat(largest).isPositive();
            assertThat(difference).as("parameter %d", p).isLessThanOrEqualTo(tolerance * largest);
        }
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void weights_of_a_small_graph_agree(DenseLibrary library) {
        Supplier<Dataset> small = SyntheticCitationGraph.SMALL::generate;
        Experiment.Trained own = train(small, 20, () -> new CpuBackend(2));
        Experiment.Trained other = train(small, 20, () -> new CpuBackend(2, library));
        assertSameWeights(own, other, 1e-5f);
        assertThat(other.test().accuracy()).isCloseTo(own.test().accuracy(), within(1.0));
    }

    @ParameterizedTest
    @MethodSource("libraries")
    @EnabledIfEnvironmentVariable(named = "SGQUANT_DATA", matches = ".+")
    void cora_reaches_the_same_accuracy(DenseLibrary library) {
        Supplier<Dataset> cora =
                () -> Datasets.standard(Path.of(System.getenv("SGQUANT_DATA"))).open("cora", DatasetOptions.DEFAULT);
        Experiment.Trained own = train(cora, 200, () -> new CpuBackend(2));
        Experiment.Trained other = train(cora, 200, () -> new CpuBackend(2, library));
        assertThat(own.test().accuracy()).isGreaterThan(79);
        assertThat(other.test().accuracy()).isCloseTo(own.test().accuracy(), within(1.0));
    }
}
