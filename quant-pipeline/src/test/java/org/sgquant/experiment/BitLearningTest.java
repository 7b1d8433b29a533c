package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.quant.WeightConfig;
import org.sgquant.tensor.BitWidth;
import org.sgquant.train.Objective;
import org.sgquant.train.TrainConfig;

class BitLearningTest {

    private static final TrainConfig SHORT = new TrainConfig(3, 0.005f, 0.005f, 100);

    @Test
    void widthsOfDegreeClassesAreLearnedWithinTheTargetAndPackAsAnyOther() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = SmallModels.lanes(dataset, 2, 1)) {
            Experiment experiment = SmallModels.experiment(lanes, SmallModels.recipe(false, "auto", "4"));
            List<Experiment.Trained> models = experiment.train(0, 2, t -> {});
            DegreeBuckets classes = DegreeBuckets.doubling(dataset.degrees());
            assertThat(classes.count()).isGreaterThan(2);
            BitAssignment start =
                    SmallModels.parse(experiment, dataset, "4 L1.embedding=1").withBuckets(classes);
            BitLearning learning = new BitLearning(experiment, new BitLearning.Settings(2.5, 100, 3, SHORT));
            List<BitAssignment> measured = new ArrayList<>();
            BitAssignment learned = learning.run(models, start, measured::add);
            assertThat(measured).hasSize(3).startsWith(start);
            assertThat(learning.run(models, start, b -> {})).isEqualTo(learned);
            assertThat(learned.buckets()).isEqualTo(classes);
            assertThat(learned.widths(Cell.parse("L1.embedding"))).isEqualTo(start.widths(Cell.parse("L1.embedding")));
            assertThat(learned).isNotEqualTo(start);
            assertThat(SmallModels.parse(experiment, dataset, learned.toString()))
                    .isEqualTo(learned);
            Experiment.Packed packed = lanes.run(lane -> experiment.quantize(lane, models.get(0), learned, SHORT));
            assertThat(packed.memory().bitsInner()).isBetween(1.5, 2.5);
        }
    }

    @Test
    void whatRoundingAttentionCostsIsMeasuredAndFallsWithItsWidth() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = SmallModels.lanes(dataset, 1, 1)) {
            Recipe recipe = SmallModels.recipe(ModelSettings.of("gat", Map.of("hidden", 4, "heads", 2)), "4");
            Experiment experiment = SmallModels.experiment(lanes, recipe).withLearnedSteps();
            Experiment.Trained start = experiment.train(0, 1, t -> {}).get(0);
            double[] errors = new double[2];
            for (int i = 0; i < 2; i++) {
                BitAssignment bits = SmallModels.parse(experiment, dataset, i == 0 ? "4" : "4 attention=8");
                errors[i] = lanes.run(lane -> {
                    try (QuantizedModel tuned = experiment.fineTuned(lane, start, bits, SHORT)) {
                        return (double) tuned.cells()
                                .learnedRanges()
                                .get(Cell.parse("L1.attention"))
                                .error()
                                .get(0, 0);
                    }
                });
            }
            assertThat(errors[1]).isPositive();
            assertThat(errors[0]).isGreaterThan(4 * errors[1]);
        }
    }

    @Test
    void powersOfTwoKeepTheirWidths() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = SmallModels.lanes(dataset, 1, 1)) {
            Recipe recipe = SmallModels.recipe(
                    false,
                    "auto",
                    "4",
                    "mse",
                    new Recipe.Quantization.Weights(null, "pruning", WeightConfig.Powers.SHARES, null));
            Experiment experiment = SmallModels.experiment(lanes, recipe);
            List<Experiment.Trained> models = experiment.train(0, 1, t -> {});
            BitAssignment start = SmallModels.parse(experiment, dataset, "8 weight=3 L1.embedding=1");
            BitAssignment learned = new BitLearning(experiment, new BitLearning.Settings(2.5, 100, 2, SHORT))
                    .run(models, start, b -> {});
            assertThat(learned.widths(Cell.parse("L1.weight"))).containsExactly(BitWidth.Q3);
            assertThat(learned.widths(Cell.parse("L2.weight"))).containsExactly(BitWidth.Q3);
            assertThat(learned).isNotEqualTo(start);
            assertThatThrownBy(() -> new BitLearning(experiment, new BitLearning.Settings(2.5, 100, 2, SHORT))
                            .run(models, SmallModels.parse(experiment, dataset, "32 weight=3"), b -> {}))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("learning bits: no cell of ")
                    .hasMessageEndingWith(" has a width to learn");
        }
    }

    /** Weights of models tuned for a moment on the logits of a teacher alone. */
    private static List<float[][]> tuned(
            Lanes lanes, Experiment experiment, Experiment.Trained teacher, List<float[][]> start) {
        BitAssignment bits = SmallModels.parse(experiment, lanes.dataset(), "8");
        return lanes.run(lane -> {
            try (QuantizedModel model = experiment.fineTuned(lane, teacher, start, bits, SHORT)) {
                return model.parameters().toHost();
            }
        });
    }

    @Test
    void everyRoundMinimisesTheObjectiveAndIsTaughtByTheFp32Model() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = SmallModels.lanes(dataset, 1, 1)) {
            Recipe recipe = SmallModels.recipe(false, "auto", "8");
            Experiment plain = SmallModels.experiment(lanes, recipe);
            Experiment distilled = new Experiment(
                    lanes,
                    recipe.model().config(),
                    recipe.train().config(),
                    recipe.fineTune().config(),
                    recipe.quantConfig(),
                    new Objective(Objective.LabelLoss.PLAIN, 0, new Objective.Distillation(1, 1)));
            List<Experiment.Trained> models = plain.train(0, 2, t -> {});
            Experiment.Trained first = models.get(0);
            List<float[][]> start = models.get(1).weights();
            List<float[][]> learning = tuned(lanes, distilled.withLearnedSteps(), first, start);
            assertThat(differ(learning, tuned(lanes, plain.withLearnedSteps(), first, start)))
                    .as("with the objective and without")
                    .isTrue();
            // The same seed, hence the same dropout, but a teacher of its own weights.
            Experiment.Trained itself = new Experiment.Trained(0, start, first.validation(), first.test(), 0);
            assertThat(differ(learning, tuned(lanes, distilled.withLearnedSteps(), itself, start)))
                    .as("taught by the fp32 model and by itself")
                    .isTrue();
        }
    }

    private static boolean differ(List<float[][]> a, List<float[][]> b) {
        return !Arrays.deepEquals(a.toArray(), b.toArray());
    }
}
