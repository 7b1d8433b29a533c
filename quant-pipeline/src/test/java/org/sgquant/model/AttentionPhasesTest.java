package org.sgquant.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.Tape;
import org.sgquant.autograd.Value;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.StepState;
import org.sgquant.kernels.Transfer;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.Component;
import org.sgquant.quant.QuantConfig;
import org.sgquant.quant.QuantizedCells;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.QuantScheme;

/** Models whose edge weights are attention, outside packed inference. */
final class AttentionPhasesTest {

    static List<ModelConfig> models() {
        return List.of(new GatConfig(2, 3, 4, 0.6f, 0.6f, 0.6f, 5e-4f), AgnnConfig.DEFAULT);
    }

    /** Largest difference of logits between fake quantization under {@code text} and fp32. */
    private static double difference(ModelConfig config, String text) {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Backend backend = new CpuBackend(2);
                Memory memory = backend.newMemory("test")) {
            BitAssignment bits = BitAssignment.parse(
                    text,
                    config.create(ModelSizes.of(dataset, dataset.numClasses())).cellNames(),
                    dataset.degrees());
            Dataset ordered = dataset.permuted(bits.buckets().order(dataset.degrees()));
            try (GraphInput input = new GraphInput(ordered, backend)) {
                Model model = config.create(ModelSizes.of(input));
                try (Parameters parameters = new Parameters(model.parameters(), backend)) {
                    parameters.initialize(5);
                    try (QuantizedModel quantized =
                            new QuantizedModel(model, input, parameters, bits, QuantConfig.DEFAULT, null, backend)) {
                        assertBlocks(quantized.cells(), model, input);
                        float[][] exact = logits(model, Phase.EVALUATE, input, parameters, null, memory, backend);
                        float[][] fake =
                                logits(model, Phase.CALIBRATE, input, parameters, quantized.cells(), memory, backend);
                        double worst = 0;
                        for (int i = 0; i < exact.length; i++) {
                            for (int c = 0; c < exact[i].length; c++) {
                                worst = Math.max(worst, Math.abs(exact[i][c] - fake[i][c]));
                            }
                        }
                        return worst;
                    }
                }
            }
        }
    }

    @Test
    void aggregatedMessagesAreDroppedInTrainingAlone() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Backend backend = new CpuBackend(1);
                Memory memory = backend.newMemory("test");
                GraphInput input = new GraphInput(dataset, backend)) {
            Model kept = new GatConfig(2, 3, 4, 0, 0, 0, 0).create(ModelSizes.of(input));
            Model dropped = new GatConfig(2, 3, 4, 0, 0, 0.6f, 0).create(ModelSizes.of(input));
            try (Parameters parameters = new Parameters(kept.parameters(), backend)) {
                parameters.initialize(5);
                float[][] exact = logits(kept, Phase.EVALUATE, input, parameters, null, memory, backend);
                assertThat(logits(dropped, Phase.EVALUATE, input, parameters, null, memory, backend))
                        .isDeepEqualTo(exact);
                assertThat(logits(kept, Phase.TRAIN, input, parameters, null, memory, backend))
                        .isDeepEqualTo(exact);
                assertThat(Arrays.deepEquals(
                                exact, logits(dropped, Phase.TRAIN, input, parameters, null, memory, backend)))
                        .isFalse();
            }
        }
    }

    /** A block of attention holds the edges of the rows of its bucket. */
    private static void assertBlocks(QuantizedCells cells, Model model, GraphInput input) {
        int[] bounds = cells.bits().buckets().bounds(input.dataset().degrees());
        for (Cell cell : model.cellNames()) {
            if (cell.component() == Component.ATTENTION && !cells.bits().isFp32(cell)) {
                QuantScheme scheme = cells.scheme(cell);
                assertThat(scheme.blocks()).hasSize(bounds.length - 1);
                for (int b = 0; b + 1 < bounds.length; b++) {
                    assertThat(scheme.blocks().get(b).rowStart()).isEqualTo(input.edgeRowPtr()[bounds[b]]);
                    assertThat(scheme.blocks().get(b).rowEnd()).isEqualTo(input.edgeRowPtr()[bounds[b + 1]]);
                }
            }
        }
    }

    private static float[][] logits(
            Model model,
            Phase phase,
            GraphInput input,
            Parameters parameters,
            QuantizedCells cells,
            Memory memory,
            Backend backend) {
        StepState state = StepState.allocate(memory);
        state.set(3, 1, 0);
        Tape tape = new Tape();
        Value out = model.logits(new Forward(tape, phase, input, parameters, cells, state));
        FloatMatrix buffer = FloatMatrix.allocate(memory, out.rows(), out.cols());
        tape.output(out, buffer);
        try (Plan plan = Plan.compile(tape, backend, memory)) {
            plan.run();
        }
        return Transfer.download(backend, buffer);
    }

    @ParameterizedTest
    @MethodSource("models")
    void fakeQuantizationChangesLittleAtManyBitsAndMoreAtFew(ModelConfig config) {
        assertThat(difference(config, "32")).isZero();
        double many = difference(config, "16");
        assertThat(many).isPositive().isCloseTo(0, within(1e-3));
        assertThat(difference(config, "attention=8")).isBetween(1e-7, 2e-2);
        assertThat(difference(config, "attention=[8,2] @deg(2)")).isGreaterThan(difference(config, "attention=8"));
    }
}
