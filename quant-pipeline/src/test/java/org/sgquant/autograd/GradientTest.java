package org.sgquant.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.Features;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.StepState;
import org.sgquant.kernels.Transfer;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.reference.ReferenceBackend;
import org.sgquant.model.AgnnConfig;
import org.sgquant.model.Forward;
import org.sgquant.model.GatConfig;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.ModelSizes;
import org.sgquant.model.Parameters;
import org.sgquant.model.Phase;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;
import org.sgquant.tensor.Sparsity;

/** Derived gradients against finite differences of a network of its own, written in double. */
final class GradientTest {

    private static final double STEP = 1e-6;

    /** 37 nodes, 31 words, 3 classes; 5 words per node are sparse, 10 are dense. */
    private static SyntheticCitationGraph graph(int wordsPerNode) {
        return new SyntheticCitationGraph(37, 60, 31, 3, 0.8, 0.5, wordsPerNode, 0.5, 2, 0.4, 4, 8, 10, 5);
    }

    @ParameterizedTest
    @CsvSource({
        "5,FOLDED,2,reference", "5,EDGE,2,reference", "10,FOLDED,2,reference", "10,EDGE,2,reference",
        "5,FOLDED,1,reference", "5,FOLDED,3,reference", "5,EDGE,2,cpu", "10,FOLDED,2,cpu"
    })
    void everyGradientOfAGcnIsThatOfFiniteDifferences(int words, GcnConfig.Norm norm, int layers, String device) {
        try (Dataset dataset = graph(words).generate();
                Backend backend = device.equals("cpu") ? new CpuBackend(2) : new ReferenceBackend();
                GraphInput input = new GraphInput(dataset, backend);
                Memory memory = backend.newMemory("test")) {
            assertThat(dataset.features() instanceof Features.Sparse).isEqualTo(words == 5);
            Model gcn = new GcnConfig(layers, 7, 0, 0, norm, GcnConfig.OrderRule.AUTO).create(ModelSizes.of(input));
            assertGradients(gcn, new DoubleGcn(dataset), input, backend, memory);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "5,2,1,reference",
        "5,2,3,reference",
        "10,2,4,reference",
        "10,1,2,reference",
        "5,3,2,reference",
        "5,2,3,cpu",
        "10,2,8,cpu"
    })
    void everyGradientOfAGatIsThatOfFiniteDifferences(int words, int layers, int heads, String device) {
        try (Dataset dataset = graph(words).generate();
                Backend backend = device.equals("cpu") ? new CpuBackend(2) : new ReferenceBackend();
                GraphInput input = new GraphInput(dataset, backend);
                Memory memory = backend.newMemory("test")) {
            Model gat = new GatConfig(layers, 3, heads, 0, 0, 0, 0).create(ModelSizes.of(input));
            assertGradients(gat, new DoubleAttention.Gat(dataset), input, backend, memory);
        }
    }

    @ParameterizedTest
    @CsvSource({"5,1,reference", "5,2,reference", "10,3,reference", "5,3,cpu", "10,2,cpu"})
    void everyGradientOfAnAgnnIsThatOfFiniteDifferences(int words, int layers, String device) {
        try (Dataset dataset = graph(words).generate();
                Backend backend = device.equals("cpu") ? new CpuBackend(2) : new ReferenceBackend();
                GraphInput input = new GraphInput(dataset, backend);
                Memory memory = backend.newMemory("test")) {
            Model agnn = new AgnnConfig(layers, 7, 0, 0).create(ModelSizes.of(input));
            assertGradients(agnn, new DoubleAttention.Agnn(dataset), input, backend, memory);
        }
    }

    /** A sum of products over edges is linear in each side, so that differences of whole numbers are exact. */
    @Test
    void theGradientOfProductsOverEdgesWithHeadsIsExact() {
        try (Backend backend = new CpuBackend(1);
                Memory memory = backend.newMemory("test")) {
            // Not symmetric; row 1 is empty, row 3 has every column.
            CsrGraph graph = CsrGraph.of(memory, 4, new int[] {0, 2, 2, 3, 7}, new int[] {1, 2, 0, 0, 1, 2, 3});
            Sparsity pattern = Sparsity.of(graph, memory);
            FloatMatrix a = whole(memory, 4, 6);
            FloatMatrix b = whole(memory, 4, 6);
            FloatMatrix g = whole(memory, 7, 3);
            Tape tape = new Tape();
            Value left = tape.parameter(a);
            Value right = tape.parameter(b);
            Value out = AttentionFunctions.products(tape, pattern, left, right, 3);
            tape.backward(out, tape.constant(g));
            FloatMatrix gradA = FloatMatrix.allocate(memory, 4, 6);
            FloatMatrix gradB = FloatMatrix.allocate(memory, 4, 6);
            tape.output(tape.gradient(left), gradA);
            tape.output(tape.gradient(right), gradB);
            Plan.compile(tape, backend, memory).run();
            float[][] expectedA = new float[4][6];
            float[][] expectedB = new float[4][6];
            for (int i = 0; i < 4; i++) {
                for (int e = graph.rowPtr().get(i); e < graph.rowPtr().get(i + 1); e++) {
                    int j = graph.colIdx().get(e);
                    for (int c = 0; c < 6; c++) {
                        expectedA[i][c] += g.get(e, c / 2) * b.get(j, c);
                        expectedB[j][c] += g.get(e, c / 2) * a.get(i, c);
                    }
                }
            }
            assertThat(gradA.toArray()).isDeepEqualTo(expectedA);
            assertThat(gradB.toArray()).isDeepEqualTo(expectedB);
        }
    }

    /** Whole numbers between -4 and 4. */
    private static FloatMatrix whole(Memory memory, int rows, int cols) {
        FloatMatrix m = FloatMatrix.allocate(memory, rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                m.set(r, c, (5 * r + 7 * c + rows) % 9 - 4);
            }
        }
        return m;
    }

    private static void assertGradients(
            Model model, DoubleNetwork expected, GraphInput input, Backend backend, Memory memory) {
        try (Parameters parameters = new Parameters(model.parameters(), backend)) {
            parameters.initialize(3);
            FloatMatrix metrics = FloatMatrix.allocate(memory, 1, 2);
            Map<String, FloatMatrix> gradients = gradients(model, input, parameters, metrics, backend, memory);
            double[][][] values = parameters.list().stream()
                    .map(p -> doubles(Transfer.download(backend, p.value())))
                    .toArray(double[][][]::new);
            assertThat((double) Transfer.download(backend, metrics)[0][0])
                    .isCloseTo(expected.loss(values), within(1e-5));
            for (int p = 0; p < values.length; p++) {
                String name = parameters.list().get(p).spec().name();
                float[][] actual = Transfer.download(backend, gradients.get(name));
                for (int r = 0; r < values[p].length; r++) {
                    for (int c = 0; c < values[p][r].length; c++) {
                        assertThat((double) actual[r][c])
                                .as("%s[%d][%d]", name, r, c)
                                .isCloseTo(derivative(expected, values, p, r, c), within(2e-6));
                    }
                }
            }
        }
    }

    private static Map<String, FloatMatrix> gradients(
            Model model, GraphInput input, Parameters parameters, FloatMatrix metrics, Backend backend, Memory memory) {
        Tape tape = new Tape();
        Forward forward = new Forward(tape, Phase.TRAIN, input, parameters, null, StepState.allocate(memory));
        Value logits = model.logits(forward);
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

    private static double derivative(DoubleNetwork network, double[][][] values, int p, int r, int c) {
        double before = values[p][r][c];
        values[p][r][c] = before + STEP;
        double up = network.loss(values);
        values[p][r][c] = before - STEP;
        double down = network.loss(values);
        values[p][r][c] = before;
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

    @Test
    void theStraightThroughGradientIsTheIdentityOrWithAMaskZeroOutsideTheRange() {
        try (Backend backend = new CpuBackend(2);
                Memory memory = backend.newMemory("test")) {
            float[][] x = {{-2, -1, -0.5f, 0, 0.25f}, {0.3f, 0.9f, 1, 1.001f, 7}};
            float[][] g = {{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}};
            QuantScheme scheme = QuantScheme.uniform(memory, "x", 2, 5, BitWidth.Q2, Granularity.TENSOR);
            scheme.blocks().get(0).params().setRange(0, -1, 1, BitWidth.Q2.maxCode());
            for (ClipMask mask : ClipMask.values()) {
                Tape tape = new Tape();
                Value value = tape.parameter(FloatMatrix.of(memory, x));
                Value out = tape.fakeQuantize(value, scheme, mask);
                tape.backward(out, tape.constant(FloatMatrix.of(memory, g)));
                FloatMatrix gradient = FloatMatrix.allocate(memory, 2, 5);
                tape.output(tape.gradient(value), gradient);
                Plan.compile(tape, backend, memory).run();
                float[][] masked = {{0, 2, 3, 4, 5}, {6, 7, 8, 0, 0}};
                assertThat(gradient.toArray()).isDeepEqualTo(mask == ClipMask.NONE ? g : masked);
            }
        }
    }

    /** The range ends at 1/2, the gradient of signs at 1; rows at 32 bits keep theirs. */
    @Test
    void theGradientOfSignsPassesUpToOneInPackedRows() {
        try (Backend backend = new CpuBackend(2);
                Memory memory = backend.newMemory("test")) {
            float[][] x = {{-2, -1, -0.75f}, {0.3f, 1, 1.001f}, {-7, 7, 0}};
            float[][] g = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
            QuantScheme scheme = QuantScheme.create(
                    memory,
                    "x",
                    new int[] {0, 2, 3},
                    3,
                    List.of(BitWidth.Q1, BitWidth.FP32),
                    Granularity.BUCKET,
                    Rounding.NEAREST);
            scheme.blocks().get(0).params().setRange(0, -0.5, 0.5, BitWidth.Q1.maxCode());
            Tape tape = new Tape();
            Value value = tape.parameter(FloatMatrix.of(memory, x));
            Value out = tape.fakeQuantize(value, scheme, ClipMask.SIGN);
            tape.backward(out, tape.constant(FloatMatrix.of(memory, g)));
            FloatMatrix gradient = FloatMatrix.allocate(memory, 3, 3);
            tape.output(tape.gradient(value), gradient);
            Plan.compile(tape, backend, memory).run();
            assertThat(gradient.toArray()).isDeepEqualTo(new float[][] {{0, 2, 3}, {4, 5, 0}, {7, 8, 9}});
        }
    }

    @Test
    void theGradientOfMultibitWeightsIsTheIdentityOrPassesUpToOne() {
        try (Backend backend = new CpuBackend(2);
                Memory memory = backend.newMemory("test")) {
            float[][] w = {{-2, -1, 0.5f}, {0.3f, 1, 1.001f}};
            float[][] g = {{1, 2, 3}, {4, 5, 6}};
            for (boolean clip : new boolean[] {false, true}) {
                Tape tape = new Tape();
                Value value = tape.parameter(FloatMatrix.of(memory, w));
                FloatMatrix coordinates = FloatMatrix.allocate(memory, 1, 3);
                MultibitFunctions.calibrate(tape, value, "w", coordinates);
                Value out = MultibitFunctions.fakeQuantize(tape, value, coordinates, clip);
                tape.backward(out, tape.constant(FloatMatrix.of(memory, g)));
                FloatMatrix gradient = FloatMatrix.allocate(memory, 2, 3);
                FloatMatrix levels = FloatMatrix.allocate(memory, 2, 3);
                tape.output(tape.gradient(value), gradient);
                tape.output(out, levels);
                Plan.compile(tape, backend, memory).run();
                assertThat(levels.toArray()).isDeepEqualTo(new float[][] {{-1.15f, -1, 0.7505f}, {1.15f, 1, 0.7505f}});
                assertThat(gradient.toArray()).isDeepEqualTo(clip ? new float[][] {{0, 2, 3}, {4, 5, 0}} : g);
            }
        }
    }

    @Test
    void calibrationInThePlanSetsTheRangeEachTimeItRuns() {
        try (Backend backend = new ReferenceBackend();
                Memory memory = backend.newMemory("test")) {
            FloatMatrix x = FloatMatrix.of(memory, new float[][] {{0, 1, 2, 3}});
            QuantScheme scheme = QuantScheme.uniform(memory, "x", 1, 4, BitWidth.Q2, Granularity.TENSOR);
            Tape tape = new Tape();
            FloatMatrix out = FloatMatrix.allocate(memory, 1, 4);
            tape.output(
                    tape.fakeQuantize(
                            tape.calibrate(tape.constant(x), scheme, Calibration.MIN_MAX), scheme, ClipMask.NONE),
                    out);
            Plan plan = Plan.compile(tape, backend, memory);
            plan.run();
            assertThat(out.row(0)).containsExactly(0, 1, 2, 3);
            x.setRow(0, new float[] {0, 30, 10, 20});
            plan.run();
            assertThat(out.row(0)).containsExactly(0, 30, 10, 20);
        }
    }

    @Test
    void dropoutDropsTheSameElementsForwardAndBackwardAndOthersInTheNextStep() {
        try (Backend backend = new CpuBackend(3);
                Memory memory = backend.newMemory("test")) {
            float[][] ones = new float[31][17];
            for (float[] row : ones) {
                java.util.Arrays.fill(row, 1);
            }
            StepState state = StepState.allocate(memory);
            state.set(11, 0, 0.1f);
            Tape tape = new Tape();
            tape.nextStep(state);
            Value x = tape.parameter(FloatMatrix.of(memory, ones));
            Value first = tape.dropout(x, 0.5f, 0, state);
            Value second = tape.dropout(x, 0.5f, 1, state);
            tape.backward(first, tape.constant(FloatMatrix.of(memory, ones)));
            FloatMatrix forward = FloatMatrix.allocate(memory, 31, 17);
            FloatMatrix otherStream = FloatMatrix.allocate(memory, 31, 17);
            FloatMatrix gradient = FloatMatrix.allocate(memory, 31, 17);
            tape.output(first, forward);
            tape.output(second, otherStream);
            tape.output(tape.gradient(x), gradient);
            Plan plan = Plan.compile(tape, backend, memory);
            plan.run();
            float[][] stepOne = forward.toArray();
            assertThat(gradient.toArray()).isDeepEqualTo(stepOne);
            assertThat(otherStream.toArray()).isNotEqualTo(stepOne);
            assertThat(stepOne[0]).containsOnly(0, 2);
            plan.run();
            assertThat(java.util.Arrays.deepEquals(forward.toArray(), stepOne)).isFalse();
            assertThat(gradient.toArray()).isDeepEqualTo(forward.toArray());
            state.set(11, 0, 0.1f);
            plan.run();
            assertThat(forward.toArray()).isDeepEqualTo(stepOne);
        }
    }
}
