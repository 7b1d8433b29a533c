package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.Tape;
import org.sgquant.autograd.Value;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Transfer;
import org.sgquant.model.Forward;
import org.sgquant.model.Phase;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;

/** Weights as sums of signs, from fine-tuning to what is stored. */
final class MultibitWeightsTest {

    private static final Recipe.Quantization.Weights MULTIBIT = new Recipe.Quantization.Weights(null, null, null, true);

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

    /** Multi-bit weights, also with the clip mask and learned steps of what else is quantized. */
    private static Recipe recipe(String bits, boolean clipMask, boolean learnedSteps) {
        Recipe r = SmallModels.recipe(false, "auto", bits, "mse", MULTIBIT);
        Recipe.Quantization q = r.quantization();
        return new Recipe(
                r.dataset(),
                r.model(),
                r.train(),
                r.fineTune(),
                r.objective(),
                new Recipe.Quantization(
                        q.featuresGranularity(),
                        q.featuresCalibration(),
                        q.innerGranularity(),
                        q.innerCalibration(),
                        q.rounding(),
                        clipMask,
                        q.weights()),
                learnedSteps ? new Recipe.Qat(true, 1, "0:0") : null,
                r.storage(),
                r.graphs(),
                bits,
                0);
    }

    private static Experiment.Packed packed(Recipe recipe) {
        Experiment experiment = SmallModels.experiment(lanes, recipe);
        return experiment
                .quantize(trained, experiment.parse(recipe.bits()), p -> {})
                .get(0);
    }

    @ParameterizedTest
    @CsvSource({"1, false, false", "2, false, false", "3, true, false", "4, false, true", "2, true, true"})
    void packedWeightsAreTheLevelsThatFineTuningSaw(int k, boolean clipMask, boolean learnedSteps) {
        Recipe recipe = recipe("8 weight=" + k, clipMask, learnedSteps);
        Experiment experiment = SmallModels.experiment(lanes, recipe);
        BitAssignment bits = experiment.parse(recipe.bits());
        lanes.run(lane -> {
            try (QuantizedModel model = experiment.fineTuned(
                    lane, trained.get(0), bits, recipe.fineTune().config())) {
                model.pack();
                for (String name : List.of("L1.weight", "L2.weight")) {
                    float[][] stored = weight(lane.backend(), model, Cell.parse(name), Phase.PACKED);
                    assertThat(weight(lane.backend(), model, Cell.parse(name), Phase.FINE_TUNE))
                            .isDeepEqualTo(stored);
                    for (int j = 0; j < stored[0].length; j++) {
                        TreeSet<Float> levels = new TreeSet<>();
                        for (float[] row : stored) {
                            levels.add(row[j]);
                        }
                        assertThat(levels).hasSizeBetween(2, 1 << k);
                    }
                }
            }
            return null;
        });
    }

    private static float[][] weight(Backend backend, QuantizedModel model, Cell cell, Phase phase) {
        try (Memory memory = backend.newMemory("test")) {
            Tape tape = new Tape();
            Value w = new Forward(tape, phase, model.input(), model.parameters(), model.cells(), null).weight(cell);
            FloatMatrix out = FloatMatrix.allocate(memory, w.rows(), w.cols());
            tape.output(w, out);
            try (Plan plan = Plan.compile(tape, backend, memory)) {
                plan.run();
            }
            return Transfer.download(backend, out);
        }
    }

    @Test
    void eightBitsBesideFourPlanesKeepTheAccuracy() {
        assertThat(packed(recipe("8 weight=4", false, false)).test().accuracy())
                .isGreaterThan(trained.get(0).test().accuracy() - 10);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void storesTheCodesAndACoordinatePerColumnAndBit(int k) {
        Experiment.Packed multibit = packed(recipe("weight=" + k, false, false));
        Experiment affine = SmallModels.experiment(lanes, SmallModels.recipe(false, "auto", "32"));
        Experiment.Packed usual =
                affine.quantize(trained, affine.parse("weight=" + k), p -> {}).get(0);
        // k coordinates for each column against a scale and an offset, and the scale 1 and offset 0 of whole numbers.
        long columns = 16L + dataset.numClasses();
        assertThat(multibit.memory().innerStoredBytes() - usual.memory().innerStoredBytes())
                .isEqualTo(4L * k * columns - 8 * columns + 2 * 8);
        assertThat(multibit.memory().bitsInner()).isEqualTo(usual.memory().bitsInner());
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 8, 16})
    void refusesMorePlanes(int bits) {
        assertThatThrownBy(() -> packed(recipe("4 weight=" + bits, false, false)))
                .hasMessage("multi-bit weights take 1 to 4 bits, got " + bits);
    }
}
