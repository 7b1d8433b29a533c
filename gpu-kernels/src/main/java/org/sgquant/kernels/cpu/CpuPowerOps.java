package org.sgquant.kernels.cpu;

import org.sgquant.kernels.FloatShapes;
import org.sgquant.kernels.PowerLevels;
import org.sgquant.kernels.PowerOps;
import org.sgquant.tensor.FloatMatrix;

/** {@link PowerOps} on exponent bits, rows in parallel; weights are small, so numbers go one by one. */
public final class CpuPowerOps implements PowerOps {

    /** Element operations that a code is worth. */
    private static final int CODE_WORK = 8;

    private final Workers workers;

    public CpuPowerOps(Workers workers) {
        this.workers = workers;
    }

    /** New value of element (i, j). */
    private interface Element {
        float at(int i, int j);
    }

    private void fill(FloatMatrix out, Element element) {
        workers.run((long) out.rows() * out.cols() * CODE_WORK, out.rows(), (from, to) -> {
            for (int i = from; i < to; i++) {
                for (int j = 0; j < out.cols(); j++) {
                    out.set(i, j, element.at(i, j));
                }
            }
        });
    }

    @Override
    public void encodePowers(FloatMatrix x, FloatMatrix top, int bits, FloatMatrix out) {
        PowerLevels.require(x, top, bits, out, "encodePowers");
        float highest = top.get(0, 0);
        fill(out, (i, j) -> PowerLevels.code(x.get(i, j), highest, bits));
    }

    @Override
    public void decodePowers(FloatMatrix codes, FloatMatrix top, int bits, FloatMatrix out) {
        PowerLevels.require(codes, top, bits, out, "decodePowers");
        float highest = top.get(0, 0);
        fill(out, (i, j) -> PowerLevels.value((int) codes.get(i, j), highest, bits));
    }

    @Override
    public void hold(FloatMatrix frozen, FloatMatrix out) {
        FloatShapes.requireSame(frozen, out, "hold: out");
        fill(out, (i, j) -> Float.isNaN(frozen.get(i, j)) ? out.get(i, j) : frozen.get(i, j));
    }
}
