package org.sgquant.autograd;

import java.util.List;
import org.sgquant.kernels.StepState;

/** Degree-Quant's protective mask on a {@link Tape}. */
public final class ProtectionFunctions {

    private ProtectionFunctions() {}

    /**
     * {@code out_i = protected_i ? x_i : quantized_i}, row i protected with probability {@code probability_i} as
     * {@link org.sgquant.kernels.ElementwiseOps#selectRows} draws it; the gradient goes the way that its row came.
     */
    public static Value protect(Tape tape, Value x, Value quantized, Value probability, int stream, StepState state) {
        Value out = Value.dense(x.rows(), x.cols(), x.requiresGrad() || quantized.requiresGrad());
        Tape.Kernel forward = b -> b.elementwise()
                .selectRows(probability.dense(), stream, state, x.dense(), quantized.dense(), out.dense());
        return tape.record("protect", List.of(x, quantized, probability), out, forward, g -> {
            tape.accumulate(x, rows(tape, g, true, probability, stream, state));
            tape.accumulate(quantized, rows(tape, g, false, probability, stream, state));
        });
    }

    /** The protected rows of {@code g}, or the others; the rest is 0. */
    private static Value rows(Tape tape, Value g, boolean isProtected, Value probability, int stream, StepState state) {
        Value out = Value.dense(g.rows(), g.cols(), false);
        tape.record(
                "protect_backward",
                List.of(g, probability),
                out,
                b -> b.elementwise()
                        .selectRows(
                                probability.dense(),
                                stream,
                                state,
                                isProtected ? g.dense() : null,
                                isProtected ? null : g.dense(),
                                out.dense()));
        return out;
    }
}
