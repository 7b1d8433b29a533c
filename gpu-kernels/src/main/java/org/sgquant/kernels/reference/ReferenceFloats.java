package org.sgquant.kernels.reference;

import java.lang.foreign.ValueLayout;
import org.sgquant.kernels.CounterRandom;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.tensor.FloatFormat;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedLayout;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;

/** Rows of blocks of floats: {@code code(x / s)} and {@code s value(code)}, s the scale that 32 columns of a row share. */
final class ReferenceFloats {

    private final FloatMatrix x;
    private final QuantScheme scheme;
    private final Block block;
    private final FloatFormat format;
    private final int[] scaleCodes;
    private int r;

    ReferenceFloats(FloatMatrix x, QuantScheme scheme, Block block) {
        this.x = x;
        this.scheme = scheme;
        this.block = block;
        this.format = block.bits().format();
        this.scaleCodes = new int[FloatFormat.scales(scheme.cols())];
    }

    /** Takes the scales of row {@code row} from its largest magnitudes, NaN left out. */
    void moveTo(int row) {
        r = row;
        for (int g = 0; g < scaleCodes.length; g++) {
            float largest = 0;
            for (int c = g * FloatFormat.BLOCK; c < Math.min((g + 1) * FloatFormat.BLOCK, scheme.cols()); c++) {
                float magnitude = Math.abs(x.get(r, c));
                largest = magnitude > largest ? magnitude : largest;
            }
            scaleCodes[g] = format.scaleCode(largest);
        }
    }

    private float scale(int c) {
        return FloatFormat.scale(scaleCodes[c / FloatFormat.BLOCK]);
    }

    float fake(int c) {
        float value = x.get(r, c);
        return Float.isNaN(value) ? value : scale(c) * format.value(format.code(value / scale(c)));
    }

    float stochastic(int c, long key) {
        float t = x.get(r, c) / scale(c);
        float step = format.step(t);
        float units = Math.min(Math.abs(t), format.largest()) / step;
        float whole = (float) Math.floor(units);
        float uniform = CounterRandom.uniform(key, r * scheme.cols() + c);
        float rounded = uniform < units - whole ? whole + 1 : whole;
        return scale(c) * Math.copySign(rounded * step, t);
    }

    boolean isInside(int c) {
        return Math.abs(x.get(r, c) / scale(c)) <= format.largest();
    }

    void pack(PackedMatrix out, int b) {
        int row = r - block.rowStart();
        for (int g = 0; g < scaleCodes.length; g++) {
            out.rowCodes(b).set(ValueLayout.JAVA_BYTE, (long) row * scaleCodes.length + g, (byte) scaleCodes[g]);
        }
        for (int c = 0; c < scheme.cols(); c++) {
            float value = x.get(r, c);
            if (!Float.isFinite(value)) {
                throw new NonFiniteException(scheme.name(), r, c, value);
            }
            long at = (long) row * out.stride(b);
            PackedLayout.setCode(out.data(b), at, block.bits(), scheme.cols(), c, format.code(value / scale(c)));
        }
    }
}
