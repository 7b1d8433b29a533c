package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.Parameters;
import org.sgquant.quant.Cell;
import org.sgquant.quant.Component;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.train.Trainer;

class SensitivityTest {

    private static final Recipe.Quantization QUANTIZATION =
            new Recipe.Quantization("row", "minmax", "column", "minmax", "nearest", false, null);

    /**
     * The outside oracle of a trace: for small random d of independent entries of variance s^2,
     * {@code E KL(p_w || p_(w+d)) = s^2 tr(F) / 2}. KL is measured by forward passes alone.
     */
    @ParameterizedTest
    @CsvSource({"gcn, folded", "gcn, edge", "gat, ", "gin, "})
    void tracesOfWeightsAreWhatSmallNoiseDoesToThePredictions(String name, String norm) {
        withModel(
                name,
                norm,
                (experiment, start) -> experiment.lanes().run(lane -> {
                    GraphInput input = lane.input(DegreeBuckets.NONE);
                    Model model = experiment.model();
                    try (Parameters parameters = Experiment.parameters(lane, model, start.weights())) {
                        FisherTraces traces =
                                FisherTraces.of(model, input, parameters, DegreeBuckets.NONE, 400, 5, lane.backend());
                        float[][] exact = Trainer.logits(model, input, parameters, lane.backend());
                        Random random = new Random(11);
                        for (Cell cell : model.cellNames()) {
                            if (cell.component().isWeight()) {
                                double measured = noiseTrace(lane, model, input, start, cell, exact, random);
                                assertThat(traces.trace(cell, 0))
                                        .as("trace of %s, measured %g", cell, measured)
                                        .isCloseTo(measured, within(0.25 * measured));
                            }
                        }
                    }
                    return null;
                }));
    }

    private static double noiseTrace(
            Lanes.Lane lane,
            Model model,
            GraphInput input,
            Experiment.Trained start,
            Cell cell,
            float[][] exact,
            Random random) {
        double deviation = 2e-3;
        int draws = 150;
        int index =
                model.parameters().stream().map(Parameters.Spec::name).toList().indexOf(cell.toString());
        double sum = 0;
        for (int n = 0; n < draws; n++) {
            List<float[][]> weights = new ArrayList<>(start.weights());
            float[][] noisy = new float[weights.get(index).length][];
            for (int i = 0; i < noisy.length; i++) {
                noisy[i] = weights.get(index)[i].clone();
                for (int c = 0; c < noisy[i].length; c++) {
                    noisy[i][c] += (float) (deviation * random.nextGaussian());
                }
            }
            weights.set(index, noisy);
            try (Parameters parameters = Experiment.parameters(lane, model, weights)) {
                sum += Sensitivity.divergence(exact, Trainer.logits(model, input, parameters, lane.backend()));
            }
        }
        return 2 * sum / draws / (deviation * deviation);
    }

    @ParameterizedTest
    @CsvSource({"gcn, folded, false", "gcn, edge, true", "gat, , true", "sage, , false"})
    void narrowerCellsMoveThePredictionsMoreAndCurvatureSeesIt(String name, String norm, boolean quartiles) {
        withModel(name, norm, (experiment, start) -> {
            Dataset dataset = experiment.lanes().dataset();
            DegreeBuckets buckets = quartiles ? DegreeBuckets.quartiles(dataset.degrees()) : DegreeBuckets.NONE;
            List<Integer> widths = List.of(1, 4, 8);
            BitSpace space = new BitSpace(
                    experiment.model(),
                    buckets,
                    dataset.degrees(),
                    recipe(name, norm).quantConfig(),
                    widths,
                    widths);
            List<Sensitivity.Row> rows = new Sensitivity(experiment, space).rows(List.of(start), 1, cell -> {});
            assertThat(rows).hasSize(3 * space.space().dimensions().size());
            for (int i = 0; i < rows.size(); i += 3) {
                Sensitivity.Row one = rows.get(i);
                Sensitivity.Row eight = rows.get(i + 2);
                assertThat(one.bits()).isEqualTo(1);
                assertThat(eight.cell()).isEqualTo(one.cell());
                boolean features = one.cell().equals(new Cell(1, Component.EMBEDDING).toString());
                assertThat(Double.isNaN(one.trace())).as(one.cell()).isEqualTo(features);
                if (features) {
                    // Zeros and ones, which one bit holds.
                    assertThat(one.squaredError()).isZero();
                } else {
                    assertThat(one.squaredError()).as(one.cell()).isGreaterThan(eight.squaredError());
                    assertThat(one.divergence()).as(one.cell()).isGreaterThan(eight.divergence());
                    // Errors at 8 bits are small enough for the second order, and scattered enough for the trace.
                    assertThat(eight.curvature() / eight.divergence())
                            .as("%s: %s", eight.cell(), eight)
                            .isBetween(0.1, 10.0);
                    assertThat(eight.fisher() / eight.divergence())
                            .as("%s: %s", eight.cell(), eight)
                            .isBetween(0.1, 10.0);
                }
            }
        });
    }

    private interface Check {
        void run(Experiment experiment, Experiment.Trained start);
    }

    private static Recipe recipe(String name, String norm) {
        Map<String, Object> settings = norm == null ? Map.of() : Map.of("norm", norm);
        return SmallModels.recipe(ModelSettings.of(name, settings), "4", QUANTIZATION);
    }

    private static void withModel(String name, String norm, Check check) {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = new Lanes(dataset, 1, lane -> new CpuBackend(2))) {
            Experiment experiment = SmallModels.experiment(lanes, recipe(name, norm));
            check.run(experiment, experiment.train(3, 1, t -> {}).get(0));
        }
    }
}
