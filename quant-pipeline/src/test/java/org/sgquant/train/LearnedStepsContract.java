package org.sgquant.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.Tape;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.StepState;
import org.sgquant.kernels.Transfer;
import org.sgquant.model.Forward;
import org.sgquant.model.Gcn;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.GraphInput;
import org.sgquant.model.ModelSizes;
import org.sgquant.model.Parameters;
import org.sgquant.model.Phase;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Protection;
import org.sgquant.quant.QatConfig;
import org.sgquant.quant.QuantConfig;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.Memory;

/** Fine-tuning with learned scales on a backend. */
interface LearnedStepsContract {

    Backend open();

    @ParameterizedTest
    @CsvSource({"2 L1.embedding=1, column", "2 L1.embedding=1, tensor", "'L1.message=[4,3,2,1] L2=2 @quartiles', bucket"
    })
    default void aCheckpointKeepsTheRangesItWasEvaluatedWith(String text, String granularity) {
        try (Dataset original = SyntheticCitationGraph.SMALL.generate();
                Backend backend = open()) {
            BitAssignment bits = BitAssignment.parse(
                    text,
                    new Gcn(GcnConfig.DEFAULT, new ModelSizes(original.numNodes(), 1, 1, 2)).cellNames(),
                    original.degrees());
            QuantConfig plain = new QuantConfig(
                    QuantConfig.DEFAULT.featuresGranularity(),
                    QuantConfig.DEFAULT.featuresCalibration(),
                    Granularity.valueOf(granularity.toUpperCase(Locale.ROOT)),
                    QuantConfig.DEFAULT.innerCalibration(),
                    QuantConfig.DEFAULT.rounding(),
                    false,
                    QuantConfig.DEFAULT.featuresForm(),
                    QatConfig.OFF,
                    QuantConfig.DEFAULT.weights());
            try (Dataset dataset = original.permuted(bits.buckets().order(original.degrees()));
                    GraphInput input = new GraphInput(dataset, backend);
                    Parameters start = trained(input, 0, backend)) {
                // Untrained: a later checkpoint is better than the calibrated start.
                List<float[]> calibrated = fineTuned(input, start, bits, plain, 0, backend);
                List<float[]> learned = fineTuned(
                        input, start, bits, plain.withQat(new QatConfig(true, 5, Protection.NONE)), 60, backend);
                assertThat(learned).hasSameSizeAs(calibrated);
                boolean moved = false;
                for (int i = 0; i < learned.size(); i += 2) {
                    moved |= !Arrays.equals(learned.get(i), calibrated.get(i));
                    assertThat(IntStream.range(0, learned.get(i).length).mapToDouble(floats(learned.get(i))))
                            .allMatch(s -> s > 0);
                }
                assertThat(moved).as("some scale has been learned").isTrue();
            }
        }
    }

    /** Nodes that are as good as always protected train as if their cells were fp32; evaluation quantizes them. */
    @Test
    default void protectedNodesTrainInFp32AndAreEvaluatedQuantized() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Backend backend = open();
                GraphInput input = new GraphInput(dataset, backend);
                Parameters start = trained(input, 20, backend)) {
            Protection all = new Protection(0.999999f, 0.999999f);
            float[][] fp32 = logits(input, start, "L1.embedding=1", Protection.NONE, Phase.FINE_TUNE, backend);
            float[][] plain = logits(input, start, "1 weight=32", Protection.NONE, Phase.FINE_TUNE, backend);
            assertThat(logits(input, start, "1 weight=32", all, Phase.FINE_TUNE, backend))
                    .isDeepEqualTo(fp32);
            assertThat(Arrays.deepEquals(plain, fp32)).isFalse();
            assertThat(logits(input, start, "1 weight=32", all, Phase.FROZEN, backend))
                    .isDeepEqualTo(plain);
        }
    }

    /** Logits of a model without dropout, ranges calibrated. */
    private static float[][] logits(
            GraphInput input, Parameters start, String text, Protection protection, Phase phase, Backend backend) {
        Gcn model =
                new Gcn(new GcnConfig(2, 16, 0, 0, GcnConfig.Norm.FOLDED, GcnConfig.OrderRule.TRANSFORM_FIRST), input);
        BitAssignment bits =
                BitAssignment.parse(text, model.cellNames(), input.dataset().degrees());
        QuantConfig config = QuantConfig.DEFAULT.withQat(new QatConfig(false, 1, protection));
        try (QuantizedModel q = new QuantizedModel(model, input, start, bits, config, null, backend);
                Memory memory = backend.newMemory("test")) {
            StepState state = StepState.allocate(memory);
            FloatMatrix out = FloatMatrix.allocate(memory, input.numNodes(), input.numClasses());
            for (Phase p : List.of(Phase.CALIBRATE, phase)) {
                Tape tape = new Tape();
                tape.nextStep(state);
                tape.output(model.logits(new Forward(tape, p, input, q.parameters(), q.cells(), state)), out);
                try (Plan plan = Plan.compile(tape, backend, memory)) {
                    plan.run();
                }
            }
            return Transfer.download(backend, out);
        }
    }

    private static IntToDoubleFunction floats(float[] values) {
        return j -> values[j];
    }

    private static Parameters trained(GraphInput input, int epochs, Backend backend) {
        Gcn model = new Gcn(GcnConfig.DEFAULT, input);
        Parameters parameters = new Parameters(model.parameters(), backend);
        parameters.initialize(3);
        try (Trainer trainer = new Trainer(model, input, parameters, null, backend)) {
            trainer.train(new TrainConfig(epochs, 0.01f, 0.01f, 20), 3);
        }
        return parameters;
    }

    /** Fine-tunes, checks that the checkpoint and the packed model are what was validated, and returns its ranges. */
    private static List<float[]> fineTuned(
            GraphInput input, Parameters start, BitAssignment bits, QuantConfig config, int epochs, Backend backend) {
        Gcn model = new Gcn(GcnConfig.DEFAULT, input);
        try (QuantizedModel quantized = new QuantizedModel(model, input, start, bits, config, null, backend);
                Trainer trainer = new Trainer(model, input, quantized.parameters(), quantized.cells(), backend)) {
            Metrics best = trainer.train(new TrainConfig(epochs, 0.02f, 0.02f, 100), 3);
            List<float[]> ranges = ranges(quantized, backend);
            assertThat(trainer.validate()).isEqualTo(best);
            assertThat(ranges(quantized, backend)).usingRecursiveComparison().isEqualTo(ranges);
            float[][] logits = quantized.pack().run();
            int[] validation = input.dataset().split().validation();
            long right = IntStream.of(validation)
                    .filter(i -> argmax(logits[i]) == input.dataset().labels()[i])
                    .count();
            assertThat(100.0 * right / validation.length).isCloseTo(best.accuracy(), within(1.0));
            return ranges;
        }
    }

    private static List<float[]> ranges(QuantizedModel model, Backend backend) {
        List<FloatMatrix> ranges = model.cells().ranges();
        return ranges.stream().map(r -> Transfer.download(backend, r)[0]).toList();
    }

    private static int argmax(float[] row) {
        return IntStream.range(0, row.length)
                .reduce((a, b) -> row[b] > row[a] ? b : a)
                .orElseThrow();
    }
}
