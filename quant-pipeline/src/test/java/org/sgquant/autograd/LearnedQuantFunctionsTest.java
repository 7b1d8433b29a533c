package org.sgquant.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.StepState;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.QuantScheme;

class LearnedQuantFunctionsTest {

    /** Outside the range x' = scale u + offset is smooth in scale and offset: plain finite differences of the output. */
    @Test
    void gradientsOutsideTheRangeAreFiniteDifferencesOfTheOutput() {
        try (Backend backend = new CpuBackend(1);
                Memory memory = backend.newMemory("test")) {
            FloatMatrix x = FloatMatrix.of(memory, new float[][] {{-3, 4}, {5, -6}, {7, 8}});
            FloatMatrix w = FloatMatrix.of(memory, new float[][] {{0.5f, -1}, {2, 0.25f}});
            FloatMatrix g = FloatMatrix.of(memory, new float[][] {{1, 2}, {-3, 4}, {5, -6}});
            QuantScheme scheme = QuantScheme.uniform(memory, "x", 3, 2, BitWidth.Q2, Granularity.COLUMN);
            FloatMatrix scale = scheme.blocks().get(0).params().scale();
            FloatMatrix offset = scheme.blocks().get(0).params().offset();
            for (int c = 0; c < 2; c++) {
                scheme.blocks().get(0).params().setRange(c, -1, 1 + c, BitWidth.Q2.maxCode());
            }
            LearnedRanges ranges = LearnedRanges.allocate(memory, scheme);
            Tape tape = new Tape();
            Value input = tape.parameter(x);
            Value out = tape.matmul(LearnedQuantFunctions.fakeQuantize(tape, input, ranges, true), tape.constant(w));
            FloatMatrix y = FloatMatrix.allocate(memory, 3, 2);
            tape.output(out, y);
            tape.backward(out, tape.constant(g));
            FloatMatrix gradX = FloatMatrix.allocate(memory, 3, 2);
            tape.output(tape.gradient(input), gradX);
            try (Plan plan = Plan.compile(tape, backend, memory)) {
                plan.run();
                assertThat(gradX.toArray()).isDeepEqualTo(new float[3][2]);
                float[][] gradient = ranges.gradient().toArray();
                for (int c = 0; c < 2; c++) {
                    assertThat((double) gradient[0][c]).isCloseTo(derivative(plan, scale, c, y, g), within(0.05));
                    assertThat((double) gradient[1][c]).isCloseTo(derivative(plan, offset, c, y, g), within(0.05));
                }
            }
        }
    }

    private static double derivative(Plan plan, FloatMatrix parameter, int c, FloatMatrix y, FloatMatrix g) {
        float before = parameter.get(0, c);
        double[] loss = new double[2];
        for (int side = 0; side < 2; side++) {
            parameter.set(0, c, before + (side == 0 ? 0.0625f : -0.0625f));
            plan.run();
            for (int r = 0; r < y.rows(); r++) {
                for (int j = 0; j < y.cols(); j++) {
                    loss[side] += y.get(r, j) * g.get(r, j);
                }
            }
        }
        parameter.set(0, c, before);
        return (loss[0] - loss[1]) / 0.125;
    }

    @Test
    void aStepDescends() {
        try (Backend backend = new CpuBackend(1);
                Memory memory = backend.newMemory("test")) {
            QuantScheme scheme = QuantScheme.uniform(memory, "x", 1, 1, BitWidth.Q1, Granularity.TENSOR);
            scheme.blocks().get(0).params().setRange(0, 0, 1, 1);
            LearnedRanges ranges = LearnedRanges.allocate(memory, scheme);
            StepState state = StepState.allocate(memory);
            state.set(0, 0, 0.01f);
            Tape tape = new Tape();
            tape.nextStep(state);
            Value out = LearnedQuantFunctions.fakeQuantize(
                    tape, tape.constant(FloatMatrix.ofVector(memory, 5)), ranges, false);
            tape.backward(out, tape.constant(FloatMatrix.ofVector(memory, 1)));
            LearnedQuantFunctions.step(tape, ranges, 2, state);
            try (Plan plan = Plan.compile(tape, backend, memory)) {
                plan.run();
            }
            assertThat(scheme.blocks().get(0).params().scale().get(0, 0))
                    .isCloseTo((float) Math.exp(-0.02), within(1e-6f));
            assertThat(scheme.blocks().get(0).params().offset().get(0, 0)).isCloseTo(-0.02f, within(1e-6f));
        }
    }
}
