package org.sgquant.autograd;

import java.util.List;
import org.sgquant.kernels.ElementwiseOps;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.QuantScheme;

/** Sums of signs as {@link org.sgquant.kernels.MultibitOps} has them, and the gradient of signs, on a tape. */
public final class MultibitFunctions {

    private MultibitFunctions() {}

    /** Sets {@code coordinates} from the weight {@code name} each time the plan runs. */
    public static void calibrate(Tape tape, Value w, String name, FloatMatrix coordinates) {
        tape.record("calibrate_multibit", List.of(w), null, b -> b.multibit().calibrate(w.dense(), name, coordinates));
    }

    /** The level nearest to each entry, with a straight-through gradient; where {@code clip}, zero outside [-1, 1]. */
    public static Value fakeQuantize(Tape tape, Value w, FloatMatrix coordinates, boolean clip) {
        Value out = Value.dense(w.rows(), w.cols(), w.requiresGrad());
        Tape.Kernel forward = b -> b.multibit().fakeQuantize(w.dense(), coordinates, out.dense());
        return tape.record("fake_multibit", List.of(w), out, forward, g -> {
            if (!clip) {
                tape.accumulate(w, g);
                return;
            }
            Value gw = Value.dense(w.rows(), w.cols(), false);
            Tape.Kernel backward = b -> b.elementwise().clipBackward(w.dense(), g.dense(), gw.dense());
            tape.accumulate(w, tape.record("clip_backward", List.of(w, g), gw, backward));
        });
    }

    /** The levels of {@code codes}, for inference: no gradient. */
    public static Value decode(Tape tape, Value codes, FloatMatrix coordinates) {
        Value out = Value.dense(codes.rows(), codes.cols(), false);
        return tape.record(
                "decode_multibit",
                List.of(codes),
                out,
                b -> b.multibit().decode(codes.dense(), coordinates, out.dense()));
    }

    /** {@code gradX = |x| <= 1 ? gradY : 0} in the blocks of integers of {@code scheme}, gradY in the others. */
    static void signBackward(
            ElementwiseOps ops, QuantScheme scheme, FloatMatrix x, FloatMatrix gradY, FloatMatrix gradX) {
        for (QuantScheme.Block block : scheme.blocks()) {
            FloatMatrix source = rows(gradY, block);
            FloatMatrix target = rows(gradX, block);
            if (block.bits().isInteger()) {
                ops.clipBackward(rows(x, block), source, target);
            } else {
                ops.copy(source, target);
            }
        }
    }

    private static FloatMatrix rows(FloatMatrix x, QuantScheme.Block block) {
        return FloatMatrix.view(x.data().asSlice(x.rowOffset(block.rowStart())), block.rows(), x.cols());
    }
}
