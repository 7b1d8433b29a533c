package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.FreezingOrder;
import org.sgquant.quant.Protection;
import org.sgquant.quant.QatConfig;
import org.sgquant.quant.WeightConfig;
import org.sgquant.train.TrainConfig;

final class PowerFreezingTest {

    private static Dataset dataset;
    private static Lanes lanes;
    private static List<Experiment.Trained> trained;

    @BeforeAll
    static void train() {
        dataset = SyntheticCitationGraph.SMALL.generate();
        lanes = SmallModels.lanes(dataset, 1, 1);
        trained = SmallModels.experiment(lanes, SmallModels.recipe(false, "auto", "32"))
                .train(0, 1, t -> {});
    }

    @AfterAll
    static void close() {
        lanes.close();
        dataset.close();
    }

    private static Experiment.Packed packed(FreezingOrder order, String text) {
        Recipe recipe = SmallModels.recipe(
                false,
                "auto",
                text,
                "mse",
                new Recipe.Quantization.Weights(null, order.toString(), WeightConfig.Powers.SHARES, null));
        Experiment experiment = SmallModels.experiment(lanes, recipe);
        BitAssignment bits = SmallModels.parse(experiment, dataset, text);
        return experiment.quantize(trained, bits, p -> {}).get(0);
    }

    @ParameterizedTest
    @EnumSource
    void everyWeightEndsAsAPowerOfTwoOrZeroOfAtMostTheLevelsOfItsWidth(FreezingOrder order) {
        Experiment.Packed result = packed(order, "weight=4 embedding=8 message=8");
        for (int p : new int[] {0, 2}) {
            TreeSet<Float> levels = new TreeSet<>();
            for (float[] row : result.weights().get(p)) {
                for (float w : row) {
                    levels.add(Math.abs(w));
                    assertThat(w == 0 || Math.abs(w) == Math.scalb(1f, Math.getExponent(w)))
                            .as("%s", w)
                            .isTrue();
                }
            }
            assertThat(levels).hasSizeBetween(2, 5);
        }
        assertThat(result.test().accuracy()).isGreaterThan(trained.get(0).test().accuracy() - 10);
    }

    @Test
    void storesTheCodesAndOneLevelPerWeight() {
        Experiment.Packed powers = packed(FreezingOrder.PRUNING, "weight=4");
        Experiment affine = SmallModels.experiment(lanes, SmallModels.recipe(false, "auto", "weight=4"));
        Experiment.Packed usual = affine.quantize(trained, SmallModels.parse(affine, dataset, "weight=4"), p -> {})
                .get(0);
        // A scale and an offset for each of 16 and of the classes' columns, against one of both and the level.
        long columns = 16L + dataset.numClasses();
        assertThat(usual.memory().storedBytes() - powers.memory().storedBytes()).isEqualTo(8 * columns - 2 * 12);
    }

    @Test
    void stepsLearnedWhileOneShareWasFrozenAreKeptForTheNext() {
        Recipe recipe = SmallModels.recipe(
                false,
                "auto",
                "4",
                "mse",
                new Recipe.Quantization.Weights(null, "pruning", WeightConfig.Powers.SHARES, null));
        // So slow that weights stay where they are, while steps move at their usual rate: calibrated again, the ranges
        // would be those of a run that learns none.
        TrainConfig slow = new TrainConfig(9, 1e-9f, 1e-9f, 100);
        List<List<float[][]>> ranges = new ArrayList<>();
        for (boolean learned : new boolean[] {false, true}) {
            Experiment experiment = new Experiment(
                    lanes,
                    recipe.model().config(),
                    recipe.train().config(),
                    slow,
                    recipe.quantConfig().withQat(new QatConfig(learned, 1e7f, Protection.NONE)));
            BitAssignment bits = SmallModels.parse(experiment, dataset, "2 weight=4 L1.embedding=1");
            ranges.add(experiment.quantize(trained, bits, p -> {}).get(0).ranges());
        }
        assertThat(ranges.get(1)).hasSameSizeAs(ranges.get(0));
        assertThat(IntStream.range(0, ranges.get(0).size())
                        .filter(i -> !Arrays.deepEquals(
                                ranges.get(0).get(i), ranges.get(1).get(i))))
                .as("scales and offsets that were learned")
                .isNotEmpty();
    }

    @Test
    void refusesAWidthWithoutRoomForAPower() {
        assertThatThrownBy(() -> packed(FreezingOrder.PRUNING, "weight=1"))
                .hasMessage("powers of two take 2 to 8 bits, got 1");
    }
}
