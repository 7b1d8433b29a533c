package org.sgquant.autograd;

import java.util.List;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.LearnedRanges;

/** Fake quantization on a {@link Tape} whose scales and offsets are trained: learned steps. */
public final class LearnedQuantFunctions {

    private LearnedQuantFunctions() {}

    /**
     * {@code fma(scale, u, offset)}; backward gives {@link org.sgquant.kernels.LearnedQuantOps#backward}: the gradients of
     * scale and offset in {@code ranges}, and that of x, zero outside the range where {@code clipMask}.
     */
    public static Value fakeQuantize(Tape tape, Value x, LearnedRanges ranges, boolean clipMask) {
        Value out = Value.dense(x.rows(), x.cols(), true);
        Tape.Kernel forward = b -> b.packed().fakeQuantize(x.dense(), ranges.scheme(), out.dense());
        return tape.record("fake_quantize", List.of(x), out, forward, g -> {
            if (!clipMask) {
                tape.record(
                        "learned_backward",
                        List.of(x, g),
                        null,
                        b -> b.learnedQuant().backward(x.dense(), ranges, g.dense(), null));
                tape.accumulate(x, g);
                return;
            }
            Value gx = Value.dense(x.rows(), x.cols(), false);
            tape.record(
                    "learned_backward",
                    List.of(x, g),
                    gx,
                    b -> b.learnedQuant().backward(x.dense(), ranges, g.dense(), gx.dense()));
            tape.accumulate(x, gx);
        });
    }

    /** Moves scales and offsets by the gradients of the last backward pass. */
    public static void step(Tape tape, LearnedRanges ranges, float rateFactor, StepState state) {
        tape.record("learned_step", List.of(), null, b -> b.learnedQuant().step(ranges, rateFactor, state));
    }
}
