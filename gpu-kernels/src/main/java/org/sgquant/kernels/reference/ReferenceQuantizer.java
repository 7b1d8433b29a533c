package org.sgquant.kernels.reference;

import java.lang.foreign.ValueLayout;
import org.sgquant.kernels.CounterRandom;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedLayout;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;
import org.sgquant.tensor.Rounding;
import org.sgquant.tensor.RowScale;

/**
 * {@code u = rint(min(max((x - offset) / scale, 0), 2^q - 1))} and back, one value at a time; k is the row's code. Blocks
 * of floats go by {@link ReferenceFloats}.
 */
final class ReferenceQuantizer {

    private ReferenceQuantizer() {}

    static void fakeQuantize(FloatMatrix x, QuantScheme scheme, FloatMatrix out) {
        for (Block block : scheme.blocks()) {
            if (block.bits().isFloat()) {
                eachFloat(x, scheme, block, (floats, r, c) -> out.set(r, c, floats.fake(c)));
                continue;
            }
            for (int r = block.rowStart(); r < block.rowEnd(); r++) {
                int k = RowScale.code(x, r, scheme, block);
                for (int c = 0; c < scheme.cols(); c++) {
                    out.set(r, c, block.bits().isPacked() ? fake(x.get(r, c), scheme, block, r, c, k) : x.get(r, c));
                }
            }
        }
    }

    private interface FloatBody {
        void accept(ReferenceFloats floats, int r, int c);
    }

    private static void eachFloat(FloatMatrix x, QuantScheme scheme, Block block, FloatBody body) {
        ReferenceFloats floats = new ReferenceFloats(x, scheme, block);
        for (int r = block.rowStart(); r < block.rowEnd(); r++) {
            floats.moveTo(r);
            for (int c = 0; c < scheme.cols(); c++) {
                body.accept(floats, r, c);
            }
        }
    }

    private static float fake(float x, QuantScheme scheme, Block block, int r, int c, int k) {
        return dequantized(rounded(x, scheme, block, r, c, k), scheme, block, r, c, k);
    }

    private static float dequantized(float u, QuantScheme scheme, Block block, int r, int c, int k) {
        int s = scheme.scaleIndex(block, r, c);
        return Math.fma(
                block.params().scale().get(0, s) * k, u, block.params().offset().get(0, s) * k);
    }

    static void fakeQuantizeStochastic(FloatMatrix x, QuantScheme scheme, long key, FloatMatrix out) {
        for (Block block : scheme.blocks()) {
            if (block.bits().isFloat()) {
                eachFloat(x, scheme, block, (floats, r, c) -> out.set(r, c, floats.stochastic(c, key)));
                continue;
            }
            for (int r = block.rowStart(); r < block.rowEnd(); r++) {
                int k = RowScale.code(x, r, scheme, block);
                for (int c = 0; c < scheme.cols(); c++) {
                    float value = x.get(r, c);
                    if (block.bits().isPacked()) {
                        float t = clamped(value, scheme, block, r, c, k);
                        float whole = (float) Math.floor(t);
                        float uniform = CounterRandom.uniform(key, r * scheme.cols() + c);
                        value = dequantized(uniform < t - whole ? whole + 1 : whole, scheme, block, r, c, k);
                    }
                    out.set(r, c, value);
                }
            }
        }
    }

    static void fakeQuantizeBackward(FloatMatrix x, QuantScheme scheme, FloatMatrix gradY, FloatMatrix gradX) {
        for (Block block : scheme.blocks()) {
            if (block.bits().isFloat()) {
                eachFloat(
                        x, scheme, block, (floats, r, c) -> gradX.set(r, c, floats.isInside(c) ? gradY.get(r, c) : 0));
                continue;
            }
            for (int r = block.rowStart(); r < block.rowEnd(); r++) {
                int k = RowScale.code(x, r, scheme, block);
                for (int c = 0; c < scheme.cols(); c++) {
                    boolean passes = !block.bits().isPacked() || isInside(x.get(r, c), scheme, block, r, c, k);
                    gradX.set(r, c, passes ? gradY.get(r, c) : 0);
                }
            }
        }
    }

    private static boolean isInside(float x, QuantScheme scheme, Block block, int r, int c, int k) {
        float t = normalised(x, scheme, block, r, c, k);
        return t >= 0 && t <= block.bits().maxCode();
    }

    static void pack(FloatMatrix x, PackedMatrix out) {
        QuantScheme scheme = out.scheme();
        for (int b = 0; b < scheme.blocks().size(); b++) {
            Block block = scheme.blocks().get(b);
            out.data(b).asSlice(0, out.dataBytes(b)).fill((byte) 0);
            if (block.bits().isFloat()) {
                ReferenceFloats floats = new ReferenceFloats(x, scheme, block);
                for (int r = block.rowStart(); r < block.rowEnd(); r++) {
                    floats.moveTo(r);
                    floats.pack(out, b);
                }
                continue;
            }
            for (int r = block.rowStart(); r < block.rowEnd(); r++) {
                long row = (long) (r - block.rowStart()) * out.stride(b);
                int k = RowScale.code(x, r, scheme, block);
                if (out.rowCodes(b).byteSize() > 0) {
                    out.rowCodes(b).set(ValueLayout.JAVA_BYTE, r - block.rowStart(), (byte) k);
                }
                for (int c = 0; c < scheme.cols(); c++) {
                    float value = x.get(r, c);
                    if (!block.bits().isPacked()) {
                        out.data(b).set(ValueLayout.JAVA_FLOAT_UNALIGNED, row + 4L * c, value);
                    } else if (Float.isFinite(value)) {
                        int code = (int) rounded(value, scheme, block, r, c, k);
                        PackedLayout.setCode(out.data(b), row, block.bits(), scheme.cols(), c, code);
                    } else {
                        throw new NonFiniteException(scheme.name(), r, c, value);
                    }
                }
            }
        }
    }

    static void unpack(PackedMatrix x, FloatMatrix out) {
        for (int r = 0; r < x.rows(); r++) {
            for (int c = 0; c < x.cols(); c++) {
                out.set(r, c, x.value(r, c));
            }
        }
    }

    /** The code of {@code x} as a float; NaN stays NaN. */
    static float rounded(float x, QuantScheme scheme, Block block, int r, int c, int k) {
        float clamped = clamped(x, scheme, block, r, c, k);
        return (float) (scheme.rounding() == Rounding.PAPER ? Math.floor(clamped) : Math.rint(clamped));
    }

    private static float clamped(float x, QuantScheme scheme, Block block, int r, int c, int k) {
        return Math.min(Math.max(normalised(x, scheme, block, r, c, k), 0f), (float)
                block.bits().maxCode());
    }

    static float normalised(float x, QuantScheme scheme, Block block, int r, int c, int k) {
        int s = scheme.scaleIndex(block, r, c);
        return (x - block.params().offset().get(0, s) * k)
                / (block.params().scale().get(0, s) * k);
    }
}
