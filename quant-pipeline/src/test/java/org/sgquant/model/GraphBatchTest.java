package org.sgquant.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.Tape;
import org.sgquant.autograd.Value;
import org.sgquant.data.ColorRefinement;
import org.sgquant.data.GraphBatch;
import org.sgquant.data.GraphCollection;
import org.sgquant.data.NodeTags;
import org.sgquant.data.SyntheticGraphCollection;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.StepState;
import org.sgquant.kernels.Transfer;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;

/** A row per colour gives what a row per node gives: read-outs, batch statistics, gradients. */
final class GraphBatchTest {

    private static final int LAYERS = 3;

    private record Step(float[][] logits, List<float[][]> parameters, List<float[][]> gradients) {}

    private static Step step(GinConfig config, GraphBatch batch, Backend backend) {
        try (GraphInput input = new GraphInput(batch, backend);
                Memory memory = backend.newMemory("test");
                Parameters parameters =
                        new Parameters(config.create(ModelSizes.of(input)).parameters(), backend)) {
            parameters.initialize(7);
            FloatMatrix metrics = FloatMatrix.allocate(memory, 1, 2);
            Tape tape = new Tape();
            Forward forward = new Forward(tape, Phase.TRAIN, input, parameters, null, StepState.allocate(memory));
            Value logits = config.create(ModelSizes.of(input)).logits(forward);
            FloatMatrix out = FloatMatrix.allocate(memory, logits.rows(), logits.cols());
            tape.output(logits, out);
            tape.backward(logits, tape.crossEntropy(logits, input.labels(), input.train(), metrics));
            List<FloatMatrix> gradients = new ArrayList<>();
            for (Parameters.Parameter p : parameters.list()) {
                if (p.spec().trained()) {
                    FloatMatrix buffer = FloatMatrix.allocate(
                            memory, p.spec().rows(), p.spec().cols());
                    tape.output(
                            tape.gradient(forward.parameterValues().get(p.spec().name())), buffer);
                    gradients.add(buffer);
                }
            }
            Plan.compile(tape, backend, memory).run();
            return new Step(
                    Transfer.download(backend, out),
                    parameters.toHost(),
                    gradients.stream().map(g -> Transfer.download(backend, g)).toList());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "BATCH,false,MEAN,LINEAR,GIVEN",
        "BATCH,true,SUM,LINEAR,GIVEN",
        "LAYER,false,SUM,MLP,GIVEN",
        "NONE,true,MEAN,LINEAR,GIVEN",
        "BATCH,false,MEAN,LINEAR,DEGREE",
        "BATCH,false,SUM,MLP,PROFILE"
    })
    void oneRowPerColorLosesNothing(
            Normalization normalization,
            boolean residual,
            GinConfig.Pooling pooling,
            GinConfig.ReadOut readOut,
            NodeTags tags) {
        GraphCollection c = tags.of(new SyntheticGraphCollection(23, 12, 5).generate());
        int[] some = IntStream.range(0, 23).filter(g -> g % 4 != 1).toArray();
        GraphBatch nodes = GraphBatch.of(c, some, LAYERS);
        GraphBatch colors = GraphBatch.compressed(ColorRefinement.of(c, LAYERS), some);
        // A profile tells more nodes apart from the start.
        assertThat(colors.levels().get(1).rows())
                .isLessThan(nodes.levels().get(1).rows() / (tags == NodeTags.PROFILE ? 1 : 4));
        for (int l = 0; l <= LAYERS; l++) {
            assertThat(IntStream.of(colors.levels().get(l).multiplicity()).sum())
                    .isEqualTo(nodes.levels().get(l).rows());
        }
        GinConfig config = new GinConfig(LAYERS, 7, 0, 0, normalization, residual, pooling, readOut);
        try (Backend backend = new CpuBackend(2)) {
            Step expected = step(config, nodes, backend);
            Step actual = step(config, colors, backend);
            close(actual.logits(), expected.logits(), "logits");
            for (int p = 0; p < expected.parameters().size(); p++) {
                close(actual.parameters().get(p), expected.parameters().get(p), "parameter " + p);
            }
            for (int p = 0; p < expected.gradients().size(); p++) {
                close(actual.gradients().get(p), expected.gradients().get(p), "gradient " + p);
            }
        }
    }

    private static void close(float[][] actual, float[][] expected, String what) {
        // Gradients that a norm makes 0 are rounding errors of its terms.
        float largest = 2;
        for (float[] row : expected) {
            for (float v : row) {
                largest = Math.max(largest, Math.abs(v));
            }
        }
        for (int r = 0; r < expected.length; r++) {
            assertThat(actual[r]).as("%s, row %d", what, r).containsExactly(expected[r], within(1e-4f * largest));
        }
    }
}
