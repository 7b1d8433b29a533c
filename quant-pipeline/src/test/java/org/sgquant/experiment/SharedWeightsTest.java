package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.train.TrainConfig;

class SharedWeightsTest {

    private static final List<Integer> WIDTHS = List.of(1, 4, 8);
    private static final Recipe.Quantization QUANTIZATION =
            new Recipe.Quantization("row", "minmax", "column", "minmax", "nearest", false, null);

    @ParameterizedTest
    @CsvSource({"gcn, false", "gcn, true"})
    void narrowConfigurationsLoseMoreAndTheStartsStayAsTheyAre(String name, boolean quartiles) {
        with(name, (experiment, starts) -> {
            Dataset dataset = experiment.lanes().dataset();
            DegreeBuckets buckets = quartiles ? DegreeBuckets.quartiles(dataset.degrees()) : DegreeBuckets.NONE;
            BitSpace space = space(experiment, dataset, buckets);
            List<List<Integer>> uniform = space.space().uniform();
            List<List<Integer>> sampled = List.of(uniform.getFirst(), uniform.getLast());
            float[][] weight = starts.get(0).weights().get(0);
            float[][] before = Arrays.stream(weight).map(float[]::clone).toArray(float[][]::new);
            List<double[]> first = drops(experiment, space, starts, sampled, 6);
            double narrow = 0;
            double widest = 0;
            for (double[] drops : first) {
                narrow += drops[0] / first.size();
                widest += Math.abs(drops[1]) / first.size();
            }
            assertThat(narrow).as("mean drop at 1 bit, %.2f at 8", widest).isGreaterThan(widest + 1);
            assertThat(weight).isDeepEqualTo(before);
            List<double[]> again = drops(experiment, space, starts, sampled, 6);
            for (int step = 0; step < first.size(); step++) {
                assertThat(again.get(step)).isEqualTo(first.get(step));
            }
        });
    }

    @Test
    void weightsLearnUnlessTrialsDoNot() {
        with("gcn", (experiment, starts) -> {
            Dataset dataset = experiment.lanes().dataset();
            BitSpace space = space(experiment, dataset, DegreeBuckets.NONE);
            List<List<Integer>> ones = List.of(space.space().uniform().getFirst());
            List<double[]> learning = drops(experiment, space, starts.subList(0, 1), ones, 20);
            List<double[]> fixed =
                    drops(experiment, space, starts.subList(0, 1), ones, 2, TrainConfig.FINE_TUNE.withEpochs(0));
            assertThat(fixed.get(1)).isEqualTo(fixed.get(0));
            // The first call comes before any step but one of the widest configuration.
            double early = learning.get(0)[0];
            double late = learning.subList(15, 20).stream()
                    .mapToDouble(d -> d[0])
                    .average()
                    .orElseThrow();
            assertThat(late)
                    .as("drop at 1 bit after training there, %.2f before", early)
                    .isLessThan(early);
        });
    }

    @Test
    void weightsThatFreezeCannotBeShared() {
        Recipe.Quantization powers = new Recipe.Quantization(
                "row",
                "minmax",
                "column",
                "minmax",
                "nearest",
                false,
                new Recipe.Quantization.Weights(null, "nearest", List.of(1.0), null));
        with(SmallModels.recipe(ModelSettings.of("gcn", Map.of()), "32", powers), (experiment, starts) -> {
            BitSpace space = space(experiment, experiment.lanes().dataset(), DegreeBuckets.NONE);
            assertThatThrownBy(() -> drops(experiment, space, starts, List.of(), 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("shared weights: got weights");
        });
    }

    private static BitSpace space(Experiment experiment, Dataset dataset, DegreeBuckets buckets) {
        Recipe recipe = SmallModels.recipe(ModelSettings.of("gcn", Map.of()), "32", QUANTIZATION);
        return new BitSpace(experiment.model(), buckets, dataset.degrees(), recipe.quantConfig(), List.of(1), WIDTHS);
    }

    private static List<double[]> drops(
            Experiment experiment,
            BitSpace space,
            List<Experiment.Trained> starts,
            List<List<Integer>> sampled,
            int steps) {
        return drops(experiment, space, starts, sampled, steps, TrainConfig.FINE_TUNE);
    }

    private static List<double[]> drops(
            Experiment experiment,
            BitSpace space,
            List<Experiment.Trained> starts,
            List<List<Integer>> sampled,
            int steps,
            TrainConfig fineTune) {
        return experiment.lanes().run(lane -> {
            try (SharedWeights weights = new SharedWeights(experiment, lane, space, starts, fineTune)) {
                List<double[]> drops = new ArrayList<>();
                for (int step = 0; step < steps; step++) {
                    drops.add(weights.drops(sampled));
                }
                return drops;
            }
        });
    }

    private static void with(String model, BiConsumer<Experiment, List<Experiment.Trained>> check) {
        with(SmallModels.recipe(ModelSettings.of(model, Map.of()), "32", QUANTIZATION), check);
    }

    private static void with(Recipe recipe, BiConsumer<Experiment, List<Experiment.Trained>> check) {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = new Lanes(dataset, 1, i -> new CpuBackend(1))) {
            Experiment experiment = SmallModels.experiment(lanes, recipe);
            check.accept(experiment, experiment.train(3, 2, t -> {}));
        }
    }
}
