package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.sgquant.data.Dataset;
import org.sgquant.data.DatasetOptions;
import org.sgquant.data.Datasets;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.Model;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.MemoryReport;
import org.sgquant.quant.QuantConfig;
import org.sgquant.train.TrainConfig;

/** Accuracy and savings on the published graphs over two seeds; a missing graph is a failure. */
@EnabledIfEnvironmentVariable(named = "SGQUANT_DATA", matches = ".+")
final class RealGraphTest {

    private static Dataset open(String name) {
        return Datasets.standard(Path.of(System.getenv("SGQUANT_DATA"))).open(name, DatasetOptions.DEFAULT);
    }

    private static Experiment experiment(Lanes lanes) {
        return new Experiment(
                lanes,
                GcnConfig.DEFAULT,
                TrainConfig.of(GcnConfig.DEFAULT),
                TrainConfig.FINE_TUNE,
                QuantConfig.DEFAULT);
    }

    private static double mean(List<Double> accuracies) {
        return accuracies.stream().mapToDouble(a -> a).average().orElseThrow();
    }

    private static double test(List<Experiment.Trained> trained) {
        return mean(trained.stream().map(t -> t.test().accuracy()).toList());
    }

    @Test
    void coraIsTrainedAndPackedAtFourBitsWithLittleLoss() {
        try (Dataset cora = open("cora");
                Lanes lanes = SmallModels.lanes(cora, 2, 1)) {
            Experiment experiment = experiment(lanes);
            List<Experiment.Trained> trained = experiment.train(0, 2, t -> {});
            assertThat(test(trained)).isGreaterThanOrEqualTo(80.0);
            BitAssignment bits = SmallModels.parse(experiment, cora, "4 L1.embedding=1");
            List<Experiment.Packed> packed = experiment.quantize(trained, bits, p -> {});
            double quantized =
                    mean(packed.stream().map(p -> p.test().accuracy()).toList());
            assertThat(test(trained) - quantized).isLessThanOrEqualTo(2.0);
            MemoryReport memory = packed.get(0).memory();
            assertThat(memory.savingPayload()).isGreaterThanOrEqualTo(28);
            assertThat(memory.savingStored()).isGreaterThanOrEqualTo(25);
            assertThat(experiment.model().layers(bits)).allMatch(Model.LayerPlan::integerAggregation);
        }
    }

    @Test
    void citeseerIsTrained() {
        try (Dataset citeseer = open("citeseer");
                Lanes lanes = SmallModels.lanes(citeseer, 2, 1)) {
            assertThat(test(experiment(lanes).train(0, 2, t -> {}))).isGreaterThanOrEqualTo(68.5);
        }
    }
}
