package org.sgquant.kernels.cpu;

import java.util.Arrays;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.Calibration.Method;
import org.sgquant.kernels.RangeSearch;
import org.sgquant.kernels.RangeSearch.Range;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;

/** Chooses one range per column of a block, walking down sixteen columns, a cache line, at a time. */
record ColumnRanges(Workers workers, FloatMatrix x, QuantScheme scheme, Calibration calibration) {

    private static final int LINE = 16;

    void calibrate(Block block) {
        int lines = Math.ceilDiv(scheme.cols(), LINE);
        workers.run((long) block.rows() * scheme.cols() * 2, lines, (from, to) -> {
            for (int line = from; line < to; line++) {
                calibrate(block, line * LINE, Math.min(scheme.cols(), (line + 1) * LINE));
            }
        });
    }

    private void calibrate(Block block, int from, int to) {
        int n = to - from;
        float[] min = new float[n];
        float[] max = new float[n];
        Arrays.fill(min, Float.POSITIVE_INFINITY);
        Arrays.fill(max, Float.NEGATIVE_INFINITY);
        for (int r = block.rowStart(); r < block.rowEnd(); r++) {
            for (int c = 0; c < n; c++) {
                float v = x.get(r, from + c);
                min[c] = Math.min(min[c], v);
                max[c] = Math.max(max[c], v);
            }
        }
        double[] magnitudes = calibration.method() == Method.SIGN ? magnitudes(block, from, n) : null;
        boolean counted = calibration.method() == Method.PERCENTILE || calibration.method() == Method.MSE;
        long[][] counts = counted ? histograms(block, from, min, max) : null;
        for (int c = 0; c < n; c++) {
            Range range = magnitudes != null
                    ? RangeSearch.symmetric(magnitudes[c], block.rows())
                    : counted && min[c] < max[c]
                            ? RangeSearch.choose(
                                    calibration, min[c], max[c], counts[c], block.bits(), scheme.rounding())
                            : new Range(min[c], max[c]);
            block.params()
                    .setRange(
                            from + c, range.lo(), range.hi(), scheme.rounding().steps(block.bits()));
        }
    }

    private double[] magnitudes(Block block, int from, int n) {
        double[] sums = new double[n];
        for (int r = block.rowStart(); r < block.rowEnd(); r++) {
            for (int c = 0; c < n; c++) {
                sums[c] += Math.abs(x.get(r, from + c));
            }
        }
        return sums;
    }

    private long[][] histograms(Block block, int from, float[] min, float[] max) {
        long[][] counts = new long[min.length][RangeSearch.BINS];
        float[] binsPerUnit = new float[min.length];
        for (int c = 0; c < min.length; c++) {
            binsPerUnit[c] = RangeSearch.binsPerUnit(min[c], max[c]);
        }
        for (int r = block.rowStart(); r < block.rowEnd(); r++) {
            for (int c = 0; c < min.length; c++) {
                counts[c][RangeSearch.bin(x.get(r, from + c), min[c], binsPerUnit[c])]++;
            }
        }
        return counts;
    }
}
