package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.data.Datasets;
import org.sgquant.data.GraphCollection;
import org.sgquant.data.SyntheticGraphCollection;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.GinConfig;
import org.sgquant.model.Model;
import org.sgquant.model.Normalization;
import org.sgquant.quant.MemoryReport;
import org.sgquant.quant.QuantConfig;
import org.sgquant.tensor.HostMemory;
import org.sgquant.train.DivergedException;
import org.sgquant.train.TrainConfig;

class GraphLevelExperimentTest {

    private static GraphLevelExperiment experiment(
            GraphCollection graphs, Lanes lanes, GinConfig config, int epochs, int fineTuneEpochs) {
        return new GraphLevelExperiment(
                graphs,
                lanes,
                config,
                new TrainConfig(epochs, 0.01f, 0, 1000),
                new TrainConfig(fineTuneEpochs, 0.002f, 0, 1000),
                GraphLevelExperiment.QUANTIZATION,
                new GraphLevelExperiment.Batching(32, 2));
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(v -> v).average().orElseThrow();
    }

    @Test
    void generatedGraphsAreToldApartAlsoByPackedIntegersOnAnyNumberOfLanes() {
        GraphCollection graphs = new SyntheticGraphCollection(120, 20, 1).generate();
        GinConfig config = new GinConfig(
                3, 16, 0.2f, 0, Normalization.BATCH, false, GinConfig.Pooling.MEAN, GinConfig.ReadOut.LINEAR);
        long before = HostMemory.liveBytes();
        List<Double> first = null;
        for (int count = 1; count <= 2; count++) {
            try (Lanes lanes = new Lanes(count, lane -> new CpuBackend(1))) {
                GraphLevelExperiment experiment = experiment(graphs, lanes, config, 25, 4);
                List<GraphLevelExperiment.Trained> trained = experiment.train(2, t -> {});
                List<Double> fp32 =
                        trained.stream().map(t -> t.test().accuracy()).toList();
                assertThat(mean(fp32)).isGreaterThan(80);
                var bits = experiment.parse("4 L1.embedding=1");
                List<GraphLevelExperiment.Packed> packed = experiment.quantize(trained, bits, p -> {});
                List<Double> tested =
                        packed.stream().map(p -> p.test().accuracy()).toList();
                assertThat(mean(tested)).isGreaterThan(mean(fp32) - 12);
                assertThat(packed.get(0).memory().bitsInner()).isEqualTo(4);
                assertThat(experiment.model().layers(bits)).allMatch(Model.LayerPlan::integerAggregation);
                assertThat(first == null ? tested : first).isEqualTo(tested);
                first = tested;
                assertThatThrownBy(() -> experiment.parse("message=4"))
                        .hasMessageContaining("'message' names no cell of this model");
                assertThatThrownBy(() -> experiment.parse("embedding=[4,2] @deg(3)"))
                        .hasMessageContaining("degree buckets are for the nodes of one graph");
            }
        }
        assertThat(HostMemory.liveBytes()).isEqualTo(before);
        try (Lanes lanes = new Lanes(1, lane -> new CpuBackend(1))) {
            assertThatThrownBy(() -> new GraphLevelExperiment(
                            graphs,
                            lanes,
                            GcnConfig.DEFAULT,
                            TrainConfig.FINE_TUNE,
                            TrainConfig.FINE_TUNE,
                            QuantConfig.DEFAULT,
                            GraphLevelExperiment.Batching.DEFAULT))
                    .hasMessage("model gcn classifies nodes, not graphs: choose gin");
        }
    }

    /** Weights that a step throws out of range leave infinite cells, which calibration refuses first. */
    @Test
    void fineTuningThatLeavesTheFiniteNumbersHasDiverged() {
        GraphCollection graphs = new SyntheticGraphCollection(40, 10, 2).generate();
        GinConfig config =
                new GinConfig(2, 4, 0, 0, Normalization.NONE, false, GinConfig.Pooling.SUM, GinConfig.ReadOut.LINEAR);
        try (Lanes lanes = new Lanes(1, lane -> new CpuBackend(1))) {
            GraphLevelExperiment experiment = new GraphLevelExperiment(
                    graphs,
                    lanes,
                    config,
                    new TrainConfig(1, 0.01f, 0, 1000),
                    new TrainConfig(3, 1e30f, 0, 1000),
                    GraphLevelExperiment.QUANTIZATION,
                    new GraphLevelExperiment.Batching(32, 1));
            List<GraphLevelExperiment.Trained> trained = experiment.train(1, t -> {});
            assertThatThrownBy(() -> experiment.quantize(trained, experiment.parse("4"), p -> {}))
                    .isInstanceOf(DivergedException.class)
                    .hasMessageContaining("after epoch 1 at learning rate 1.0E30");
        }
    }

    /** Besides cells: a CSR of sums over neighbours, one of pooling for the features and one for all layers. */
    @ParameterizedTest
    @EnumSource(GinConfig.Pooling.class)
    void everyByteThatPackedInferenceReadsIsCounted(GinConfig.Pooling pooling) {
        GraphCollection graphs = new SyntheticGraphCollection(30, 9, 3).generate();
        GinConfig config = new GinConfig(2, 4, 0, 0, Normalization.NONE, false, pooling, GinConfig.ReadOut.LINEAR);
        try (Lanes lanes = new Lanes(1, lane -> new CpuBackend(1))) {
            GraphLevelExperiment experiment = experiment(graphs, lanes, config, 0, 0);
            MemoryReport memory = experiment
                    .quantize(experiment.train(1, t -> {}), experiment.parse("4"), p -> {})
                    .get(0)
                    .memory();
            int[] test = graphs.split(0).test();
            int nodes = 0;
            int edges = 0;
            for (int g : test) {
                int first = graphs.nodePtr()[g];
                int end = graphs.nodePtr()[g + 1];
                nodes += end - first;
                edges += graphs.rowPtr()[end] - graphs.rowPtr()[first];
            }
            int classes = graphs.numClasses();
            long parameters = 4L * (2 * (4 + 4) + (graphs.numTags() + 4 + 4) * classes + classes);
            long adjacency = 4L * (nodes + 1 + edges + nodes);
            long pooled = 4L * (test.length + 1 + nodes);
            long sizes = pooling == GinConfig.Pooling.MEAN ? 4L * test.length : 0;
            assertThat(memory.totalBytes() - memory.cellBytes()).isEqualTo(parameters + adjacency + 2 * pooled + sizes);
        }
    }

    @Test
    @EnabledIfEnvironmentVariable(named = "SGQUANT_DATA", matches = ".+")
    void mutagIsTrainedAndPackedAtFourBits() {
        GraphCollection mutag =
                Datasets.standard(Path.of(System.getenv("SGQUANT_DATA"))).openCollection("mutag");
        try (Lanes lanes = new Lanes(2, lane -> new CpuBackend(1))) {
            GraphLevelExperiment experiment = experiment(mutag, lanes, GinConfig.DEFAULT, 40, 10);
            List<GraphLevelExperiment.Trained> trained = experiment.train(4, t -> {});
            assertThat(mean(trained.stream().map(t -> t.test().accuracy()).toList()))
                    .isGreaterThan(75);
            List<GraphLevelExperiment.Packed> packed =
                    experiment.quantize(trained, experiment.parse("4 L1.embedding=1"), p -> {});
            assertThat(mean(packed.stream().map(p -> p.test().accuracy()).toList()))
                    .isGreaterThan(72);
        }
    }
}
