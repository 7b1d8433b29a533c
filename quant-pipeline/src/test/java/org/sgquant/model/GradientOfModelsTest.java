package org.sgquant.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.Tape;
import org.sgquant.autograd.Value;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.StepState;
import org.sgquant.kernels.Transfer;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.reference.ReferenceBackend;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;

/** Derived gradients of GIN and GraphSAGE against finite differences of the same networks in double. */
final class GradientOfModelsTest {

    private static final double STEP = 1e-6;

    @ParameterizedTest
    @CsvSource({"gin,5,reference", "gin,10,reference", "gin,10,cpu", "sage,5,reference", "sage,10,cpu"})
    void everyGradientIsThatOfFiniteDifferences(String model, int words, String device) {
        SyntheticCitationGraph graph =
                new SyntheticCitationGraph(37, 60, 31, 3, 0.8, 0.5, words, 0.5, 2, 0.4, 4, 8, 10, 5);
        ModelConfig config = model.equals("gin")
                ? new GinConfig(2, 7, 0, 0, Normalization.BATCH, false, GinConfig.Pooling.SUM, GinConfig.ReadOut.LINEAR)
                : new SageConfig(3, 7, 0, 0, Normalization.LAYER, true);
        try (Dataset dataset = graph.generate();
                Backend backend = device.equals("cpu") ? new CpuBackend(2) : new ReferenceBackend();
                GraphInput input = new GraphInput(dataset, backend);
                Memory memory = backend.newMemory("test");
                Parameters parameters =
                        new Parameters(config.create(ModelSizes.of(input)).parameters(), backend)) {
            parameters.initialize(3);
            DoubleNetwork network = new DoubleNetwork(dataset);
            ToDoubleFunction<Map<String, double[][]>> loss =
                    model.equals("gin") ? p -> network.gin(p, 2) : p -> network.sage(p, 3);
            Map<String, double[][]> values = new LinkedHashMap<>();
            for (Parameters.Parameter p : parameters.list()) {
                if (p.spec().trained()) {
                    values.put(p.spec().name(), doubles(Transfer.download(backend, p.value())));
                }
            }
            FloatMatrix metrics = FloatMatrix.allocate(memory, 1, 2);
            Map<String, FloatMatrix> gradients = gradients(config, input, parameters, metrics, backend, memory);
            assertThat((double) Transfer.download(backend, metrics)[0][0])
                    .isCloseTo(loss.applyAsDouble(values), within(1e-5));
            values.forEach((name, value) -> {
                float[][] actual = Transfer.download(backend, gradients.get(name));
                for (int r = 0; r < value.length; r++) {
                    for (int c = 0; c < value[r].length; c++) {
                        assertThat((double) actual[r][c])
                                .as("%s[%d][%d]", name, r, c)
                                .isCloseTo(derivative(loss, values, value, r, c), within(1e-5));
                    }
                }
            });
        }
    }

    private static Map<String, FloatMatrix> gradients(
            ModelConfig config,
            GraphInput input,
            Parameters parameters,
            FloatMatrix metrics,
            Backend backend,
            Memory memory) {
        Tape tape = new Tape();
        Forward forward = new Forward(tape, Phase.TRAIN, input, parameters, null, StepState.allocate(memory));
        Value logits = config.create(ModelSizes.of(input)).logits(forward);
        tape.backward(logits, tape.crossEntropy(logits, input.labels(), input.train(), metrics));
        Map<String, FloatMatrix> gradients = new HashMap<>();
        forward.parameterValues().forEach((name, value) -> {
            FloatMatrix buffer = FloatMatrix.allocate(memory, value.rows(), value.cols());
            tape.output(tape.gradient(value), buffer);
            gradients.put(name, buffer);
        });
        Plan.compile(tape, backend, memory).run();
        return gradients;
    }

    private static double derivative(
            ToDoubleFunction<Map<String, double[][]>> loss,
            Map<String, double[][]> values,
            double[][] value,
            int r,
            int c) {
        double before = value[r][c];
        value[r][c] = before + STEP;
        double up = loss.applyAsDouble(values);
        value[r][c] = before - STEP;
        double down = loss.applyAsDouble(values);
        value[r][c] = before;
        return (up - down) / (2 * STEP);
    }

    private static double[][] doubles(float[][] values) {
        double[][] out = new double[values.length][];
        for (int r = 0; r < values.length; r++) {
            out[r] = new double[values[r].length];
            for (int c = 0; c < values[r].length; c++) {
                out[r][c] = values[r][c];
            }
        }
        return out;
    }
}
