package org.sgquant.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Locale;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Transfer;
import org.sgquant.model.Gcn;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.GraphInput;
import org.sgquant.model.ModelSizes;
import org.sgquant.model.Parameters;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.QatConfig;
import org.sgquant.quant.QuantConfig;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;

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
                    QatConfig.OFF);
            try (Dataset dataset = original.permuted(bits.buckets().order(original.degrees()));
                    GraphInput input = new GraphInput(dataset, backend);
                    Parameters start = trained(input, backend)) {
                List<float[]> calibrated = fineTuned(input, start, bits, plain, 0, backend);
                List<float[]> learned =
                        fineTuned(input, start, bits, plain.withQat(new QatConfig(true, 5)), 12, backend);
                assertThat(learned).hasSameSizeAs(calibrated);
                for (int i = 0; i < learned.size(); i += 2) {
                    assertThat(learned.get(i)).as("scales %d", i).isNotEqualTo(calibrated.get(i));
                    assertThat(IntStream.range(0, learned.get(i).length).mapToDouble(floats(learned.get(i))))
                            .allMatch(s -> s > 0);
                }
            }
        }
    }

    private static IntToDoubleFunction floats(float[] values) {
        return j -> values[j];
    }

    private static Parameters trained(GraphInput input, Backend backend) {
        Gcn model = new Gcn(GcnConfig.DEFAULT, input);
        Parameters parameters = new Parameters(model.parameters(), backend);
        parameters.initialize(3);
        try (Trainer trainer = new Trainer(model, input, parameters, null, backend)) {
            trainer.train(new TrainConfig(20, 0.01f, 0.01f, 20), 3);
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
