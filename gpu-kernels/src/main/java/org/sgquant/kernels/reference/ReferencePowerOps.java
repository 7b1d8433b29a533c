package org.sgquant.kernels.reference;

import org.sgquant.kernels.FloatShapes;
import org.sgquant.kernels.PowerLevels;
import org.sgquant.kernels.PowerOps;
import org.sgquant.tensor.FloatMatrix;

/** {@link PowerOps} by search: every level is tried against the number. */
public final class ReferencePowerOps implements PowerOps {

    @Override
    public void encodePowers(FloatMatrix x, FloatMatrix top, int bits, FloatMatrix out) {
        PowerLevels.require(x, top, bits, out, "encodePowers");
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < x.cols(); j++) {
                out.set(i, j, code(x.get(i, j), top.get(0, 0), 1 << (bits - 2)));
            }
        }
    }

    /** The highest level whose interval does not begin above |x|. */
    private static int code(double x, double top, int powers) {
        for (int k = 0; k < powers; k++) {
            double level = top * Math.pow(2, -k);
            double begin = k == powers - 1 ? level / 2 : 0.75 * level;
            if (Math.abs(x) >= begin) {
                return 2 * powers + (x < 0 ? powers : 0) + k;
            }
        }
        return 0;
    }

    @Override
    public void decodePowers(FloatMatrix codes, FloatMatrix top, int bits, FloatMatrix out) {
        PowerLevels.require(codes, top, bits, out, "decodePowers");
        int powers = 1 << (bits - 2);
        for (int i = 0; i < codes.rows(); i++) {
            for (int j = 0; j < codes.cols(); j++) {
                int code = (int) codes.get(i, j);
                double sign = code < 2 * powers ? 0 : code < 3 * powers ? 1 : -1;
                out.set(i, j, sign == 0 ? 0 : (float) (sign * top.get(0, 0) * Math.pow(2, -(code % powers))));
            }
        }
    }

    @Override
    public void hold(FloatMatrix frozen, FloatMatrix out) {
        FloatShapes.requireSame(frozen, out, "hold: out");
        for (int i = 0; i < out.rows(); i++) {
            for (int j = 0; j < out.cols(); j++) {
                out.set(i, j, Float.isNaN(frozen.get(i, j)) ? out.get(i, j) : frozen.get(i, j));
            }
        }
    }
}
