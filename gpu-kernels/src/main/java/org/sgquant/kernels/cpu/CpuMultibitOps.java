package org.sgquant.kernels.cpu;

import org.sgquant.kernels.MultibitLevels;
import org.sgquant.kernels.MultibitOps;
import org.sgquant.tensor.FloatMatrix;

/** {@link MultibitOps}, columns in parallel: each has levels of its own. */
public final class CpuMultibitOps implements MultibitOps {

    private final Workers workers;

    public CpuMultibitOps(Workers workers) {
        this.workers = workers;
    }

    private void overColumns(FloatMatrix x, long workOfValue, Workers.RangeBody body) {
        workers.run((long) x.rows() * x.cols() * workOfValue, x.cols(), body);
    }

    @Override
    public void calibrate(FloatMatrix x, String tensor, FloatMatrix coordinates) {
        MultibitLevels.require(x, coordinates, "calibrate " + tensor);
        MultibitLevels.requireFinite(x, tensor);
        long codes = 1L << coordinates.rows();
        overColumns(x, MultibitLevels.ROUNDS * codes, (from, to) -> {
            for (int j = from; j < to; j++) {
                new MultibitFit(x, coordinates, j).run();
            }
        });
    }

    @Override
    public void encode(FloatMatrix x, FloatMatrix coordinates, FloatMatrix out) {
        MultibitLevels.require(x, coordinates, out, "encode");
        overColumns(x, 1L << coordinates.rows(), (from, to) -> {
            for (int j = from; j < to; j++) {
                float[] levels = MultibitLevels.levels(coordinates, j);
                for (int i = 0; i < x.rows(); i++) {
                    out.set(i, j, MultibitLevels.code(x.get(i, j), levels));
                }
            }
        });
    }

    @Override
    public void decode(FloatMatrix codes, FloatMatrix coordinates, FloatMatrix out) {
        MultibitLevels.require(codes, coordinates, out, "decode");
        overColumns(codes, 1, (from, to) -> {
            for (int j = from; j < to; j++) {
                float[] levels = MultibitLevels.levels(coordinates, j);
                for (int i = 0; i < codes.rows(); i++) {
                    out.set(i, j, levels[(int) codes.get(i, j)]);
                }
            }
        });
    }
}
