package org.sgquant.autograd;

import java.util.List;
import org.sgquant.tensor.FloatMatrix;

/** Powers of two as {@link org.sgquant.kernels.PowerOps} has them, on a tape. */
public final class PowerFunctions {

    private PowerFunctions() {}

    /** The levels of {@code codes}, for inference: no gradient. */
    public static Value decode(Tape tape, Value codes, FloatMatrix top, int bits) {
        Value out = Value.dense(codes.rows(), codes.cols(), false);
        return tape.record(
                "decode_powers",
                List.of(codes),
                out,
                b -> b.powers().decodePowers(codes.dense(), top, bits, out.dense()));
    }

    /** Puts the entries of {@code parameter} back that are not NaN in {@code frozen}; after its update. */
    public static void hold(Tape tape, Value parameter, FloatMatrix frozen) {
        tape.record("hold", List.of(), null, b -> b.powers().hold(frozen, parameter.dense()));
    }
}
