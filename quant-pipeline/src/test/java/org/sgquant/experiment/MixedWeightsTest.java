package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.Component;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.quant.QuantConfig;
import org.sgquant.search.Differentiable;

class MixedWeightsTest {

    private static final List<Integer> WIDTHS = List.of(1, 3, 8);

    private interface Check {
        void run(Experiment experiment, Lanes.Lane lane, BitSpace space, Experiment.Trained start);
    }

    /** What follows the last message is smooth, so that differences of the loss are the gradient there. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void gradientsOfTheLastMessageAreFiniteDifferences(boolean quartiles) {
        with(quartiles, null, (experiment, lane, space, start) -> {
            double[][] p = uniform(space);
            double[][] gradient = step(experiment, lane, space, start, p).byProbability();
            double h = 0.02;
            int checked = 0;
            for (int i = 0; i < p.length; i++) {
                if (space.cell(i).equals(new Cell(2, Component.MESSAGE))) {
                    for (int c = 0; c < p[i].length; c++) {
                        double before = p[i][c];
                        p[i][c] = before + h;
                        double above = step(experiment, lane, space, start, p).loss();
                        p[i][c] = before - h;
                        double below = step(experiment, lane, space, start, p).loss();
                        p[i][c] = before;
                        double expected = (above - below) / (2 * h);
                        assertThat(gradient[i][c])
                                .as("dimension %d, width %d", i, WIDTHS.get(c))
                                .isCloseTo(expected, within(1e-4 + 0.02 * Math.abs(expected)));
                        checked++;
                    }
                }
            }
            assertThat(checked).isEqualTo(quartiles ? 12 : 3);
        });
    }

    /** The outside oracle of the mix: where one width has it all, the loss is that of packed inference. */
    @Test
    void aMixOfOneWidthIsTheQuantizedModel() {
        with(false, null, (experiment, lane, space, start) -> {
            double[] losses = new double[WIDTHS.size()];
            for (int c = 0; c < losses.length; c++) {
                double[][] p = uniform(space);
                for (double[] each : p) {
                    if (each.length > 1) {
                        Arrays.fill(each, 0);
                        each[c] = 1;
                    }
                }
                losses[c] = step(experiment, lane, space, start, p).loss();
                BitAssignment bits = space.assignment(space.space().uniform().get(c));
                try (TrialMemory known = new TrialMemory(lane.backend());
                        QuantizedModel packed = experiment.calibrated(lane, start, bits, known)) {
                    Dataset data = packed.input().dataset();
                    double expected = Predictions.metrics(
                                    packed.run(), data.labels(), data.split().train())
                            .loss();
                    assertThat(losses[c]).isCloseTo(expected, within(1e-3 * expected));
                }
            }
            assertThat(losses[0]).isNotCloseTo(losses[2], within(0.05));
        });
    }

    /** What every model quantizes is mixed, but for features and attention. */
    @ParameterizedTest
    @CsvSource({"gcn, true", "agnn, false", "gat, true", "sage, false", "gin, true"})
    void everyModelMixes(String name, boolean quartiles) {
        with(ModelSettings.of(name, Map.of()), quartiles, null, (experiment, lane, space, start) -> {
            double[][] gradient =
                    step(experiment, lane, space, start, uniform(space)).byProbability();
            for (int i = 0; i < gradient.length; i++) {
                Cell cell = space.cell(i);
                if (QuantConfig.isFeatures(cell) || cell.component() == Component.ATTENTION) {
                    assertThat(gradient[i]).as(cell.toString()).isNull();
                } else if (gradient[i] != null || cell.component().isWeight()) {
                    assertThat(Arrays.stream(gradient[i]).map(Math::abs).sum())
                            .as("gradient of %s", cell)
                            .isPositive()
                            .isFinite();
                }
            }
        });
    }

    @Test
    void weightsWithLevelsOfTheirOwnAreRefused() {
        Recipe.Quantization.Weights multibit = new Recipe.Quantization.Weights(null, null, null, true);
        with(
                false,
                multibit,
                (experiment, lane, space, start) -> assertThatThrownBy(
                                () -> step(experiment, lane, space, start, uniform(space)))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("mixed weights: got weights"));
    }

    private static double[][] uniform(BitSpace space) {
        return space.space().dimensions().stream()
                .map(d -> Collections.nCopies(
                                d.choices().size(), 1.0 / d.choices().size())
                        .stream()
                        .mapToDouble(Double::doubleValue)
                        .toArray())
                .toArray(double[][]::new);
    }

    private static Differentiable.Gradient step(
            Experiment experiment, Lanes.Lane lane, BitSpace space, Experiment.Trained start, double[][] p) {
        try (MixedWeights weights = new MixedWeights(experiment, lane, space, start, 0.005f)) {
            return weights.step(p);
        }
    }

    /** Without dropout, so that every pass is the same. */
    private static void with(boolean quartiles, Recipe.Quantization.Weights weights, Check check) {
        with(ModelSettings.of("gcn", Map.of("dropout", 0.0, "order", "transform-first")), quartiles, weights, check);
    }

    private static void with(ModelSettings model, boolean quartiles, Recipe.Quantization.Weights weights, Check check) {
        Recipe recipe = SmallModels.recipe(
                model, "32", new Recipe.Quantization("row", "minmax", "column", "minmax", "nearest", false, weights));
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = new Lanes(dataset, 1, i -> new CpuBackend(1))) {
            Experiment experiment = SmallModels.experiment(lanes, recipe);
            Experiment.Trained start = experiment.train(3, 1, t -> {}).get(0);
            DegreeBuckets buckets = quartiles ? DegreeBuckets.quartiles(dataset.degrees()) : DegreeBuckets.NONE;
            BitSpace space = new BitSpace(
                    experiment.model(),
                    buckets,
                    dataset.degrees(),
                    recipe.quantConfig(),
                    List.of(1),
                    weights == null ? WIDTHS : List.of(1, 3));
            lanes.run(lane -> {
                check.run(experiment, lane, space, start);
                return null;
            });
        }
    }
}
