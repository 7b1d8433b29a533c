package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.Tape;
import org.sgquant.autograd.Value;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.StepState;
import org.sgquant.kernels.Transfer;
import org.sgquant.model.Forward;
import org.sgquant.model.Phase;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;

/** A GCN in small floats everywhere: packed inference against fake quantization, and what cannot be floats. */
final class FloatWidthsTest {

    @ParameterizedTest
    @ValueSource(strings = {"e4m3", "e2m1 message=[e5m2,4,e3m2] @deg(2,5)"})
    void packedAccuracyIsThatOfFakeQuantization(String text) {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = SmallModels.lanes(dataset, 1, 1)) {
            Recipe recipe = SmallModels.recipe(false, "transform-first", text);
            Experiment experiment = SmallModels.experiment(lanes, recipe);
            Experiment.Trained start = experiment.train(0, 1, t -> {}).get(0);
            BitAssignment bits = SmallModels.parse(experiment, dataset, text);
            experiment.lanes().run(lane -> {
                try (QuantizedModel model = experiment.fineTuned(
                        lane, start, bits, recipe.fineTune().config())) {
                    double fake = accuracy(model, fakeQuantized(model, lane.backend()));
                    double packed = accuracy(model, model.pack().run());
                    // The sums of training have another order: now and then a value falls on the other side of a half.
                    assertThat(packed).isGreaterThan(50).isCloseTo(fake, within(2.0));
                    assertThat(model.model().aggregated(bits)).isEqualTo("fp32");
                }
                return null;
            });
        }
    }

    private static double accuracy(QuantizedModel model, float[][] logits) {
        Dataset dataset = model.input().dataset();
        return Predictions.metrics(logits, dataset.labels(), dataset.split().test())
                .accuracy();
    }

    private static float[][] fakeQuantized(QuantizedModel model, Backend backend) {
        try (Memory memory = backend.newMemory("test")) {
            Tape tape = new Tape();
            Value out = model.model()
                    .logits(new Forward(
                            tape,
                            Phase.FROZEN,
                            model.input(),
                            model.parameters(),
                            model.cells(),
                            StepState.allocate(memory)));
            FloatMatrix buffer = FloatMatrix.allocate(memory, out.rows(), out.cols());
            tape.output(out, buffer);
            try (Plan plan = Plan.compile(tape, backend, memory)) {
                plan.run();
            }
            return Transfer.download(backend, buffer);
        }
    }

    @Test
    void whatCannotBeFloatsIsRefusedInASentence() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = SmallModels.lanes(dataset, 1, 1)) {
            Recipe recipe = SmallModels.recipe(false, "auto", "e4m3");
            assertRefused(
                    lanes,
                    dataset,
                    SmallModels.withFeatures(recipe, "bucket", "sparse"),
                    "L1.embedding: the sparse form needs integers of at most 8 bits and ranges that begin at 0, use the"
                            + " dense form");
            Recipe.Quantization.Weights powers = new Recipe.Quantization.Weights(null, "nearest", List.of(1.0), null);
            assertRefused(
                    lanes,
                    dataset,
                    SmallModels.recipe(false, "auto", "e4m3", "mse", powers),
                    "weights of e4m3 are floats, weights as powers of two are not: choose an integer width");
        }
    }

    private static void assertRefused(Lanes lanes, Dataset dataset, Recipe recipe, String message) {
        Experiment experiment = SmallModels.experiment(lanes, recipe);
        Experiment.Trained start = experiment.train(0, 1, t -> {}).get(0);
        BitAssignment bits = SmallModels.parse(experiment, dataset, recipe.bits());
        assertThatThrownBy(() -> experiment.lanes().run(lane -> {
                    experiment
                            .fineTuned(lane, start, bits, recipe.fineTune().config())
                            .close();
                    return null;
                }))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
