package org.sgquant.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.CounterRandom;
import org.sgquant.kernels.StepState;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.QuantScheme;

class ProtectionFunctionsTest {

    private static final int ROWS = 200;

    @Test
    void protectedRowsPassUnquantizedAndEachGradientGoesTheWayOfItsRow() {
        try (Backend backend = new CpuBackend(1);
                Memory memory = backend.newMemory("test")) {
            FloatMatrix x = FloatMatrix.allocate(memory, ROWS, 2);
            FloatMatrix g = FloatMatrix.allocate(memory, ROWS, 2);
            FloatMatrix probability = FloatMatrix.allocate(memory, 1, ROWS);
            for (int r = 0; r < ROWS; r++) {
                x.setRow(r, new float[] {0.3f, 7});
                g.setRow(r, new float[] {r + 1, -r});
                probability.set(0, r, 0.5f);
            }
            QuantScheme scheme = QuantScheme.uniform(memory, "x", ROWS, 2, BitWidth.Q1, Granularity.TENSOR);
            scheme.blocks().get(0).params().setRange(0, 0, 1, 1);
            StepState state = StepState.allocate(memory);
            state.set(11, 2, 0);
            Tape tape = new Tape();
            Value input = tape.parameter(x);
            Value out = ProtectionFunctions.protect(
                    tape,
                    input,
                    tape.fakeQuantize(input, scheme, ClipMask.RANGE),
                    tape.constant(probability),
                    5,
                    state);
            FloatMatrix y = FloatMatrix.allocate(memory, ROWS, 2);
            tape.output(out, y);
            tape.backward(out, tape.constant(g));
            FloatMatrix gradient = FloatMatrix.allocate(memory, ROWS, 2);
            tape.output(tape.gradient(input), gradient);
            try (Plan plan = Plan.compile(tape, backend, memory)) {
                plan.run();
            }
            long key = CounterRandom.key(11, 2, 5);
            int protectedRows = 0;
            for (int r = 0; r < ROWS; r++) {
                boolean isProtected = CounterRandom.uniform(key, r) < 0.5f;
                protectedRows += isProtected ? 1 : 0;
                assertThat(y.row(r)).containsExactly(isProtected ? new float[] {0.3f, 7} : new float[] {0, 1});
                // The second column lies outside the range: no gradient unless the row is protected.
                assertThat(gradient.row(r)).containsExactly(r + 1, isProtected ? -r : 0f);
            }
            assertThat(protectedRows).isBetween(60, 140);
        }
    }
}
