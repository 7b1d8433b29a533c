package org.sgquant.kernels.reference;

import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.kernels.RangeSearch;
import org.sgquant.kernels.RangeSearch.Range;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;
import org.sgquant.tensor.RowScale;

/** Chooses ranges by walking over the values each scale belongs to. */
record ReferenceCalibrator(FloatMatrix x, QuantScheme scheme, Calibration calibration) {

    void run() {
        for (Block block : scheme.blocks()) {
            requireFinite(block);
        }
        for (Block block : scheme.blocks()) {
            if (block.bits().isInteger()) {
                calibrate(block);
            }
        }
    }

    /** A range over the whole tensor sees blocks of floats too. */
    private void requireFinite(Block block) {
        if (!block.bits().isInteger() && scheme.granularity() != Granularity.TENSOR) {
            return;
        }
        for (int r = block.rowStart(); r < block.rowEnd(); r++) {
            for (int c = 0; c < scheme.cols(); c++) {
                if (!Float.isFinite(x.get(r, c))) {
                    throw new NonFiniteException(scheme.name(), r, c, x.get(r, c));
                }
            }
        }
    }

    private void calibrate(Block block) {
        int from = block.rowStart();
        int to = block.rowEnd();
        int cols = scheme.cols();
        if (scheme.granularity() == Granularity.ROW_CODE) {
            calibrateRowCodes(block);
            return;
        }
        for (int s = 0; s < block.params().scale().cols(); s++) {
            Range range;
            if (from == to || cols == 0) {
                range = new Range(0, 0);
            } else {
                range = switch (scheme.granularity()) {
                    case TENSOR -> range(0, scheme.rows(), 0, cols, block);
                    case BUCKET -> range(from, to, 0, cols, block);
                    case COLUMN -> range(from, to, s, s + 1, block);
                    case ROW -> range(from + s, from + s + 1, 0, cols, block);
                    case ROW_CODE -> throw new IllegalStateException("rows with codes share the range of their block");
                };
            }
            block.params().setRange(s, range.lo(), range.hi(), scheme.rounding().steps(block.bits()));
        }
    }

    private void calibrateRowCodes(Block block) {
        float largest = 0;
        boolean symmetric = false;
        for (int r = block.rowStart(); r < block.rowEnd(); r++) {
            for (int c = 0; c < scheme.cols(); c++) {
                largest = Math.max(largest, Math.abs(x.get(r, c)));
                symmetric |= x.get(r, c) < 0;
            }
        }
        if (largest == 0) {
            RowScale.setZero(block.params());
            return;
        }
        float unit = RowScale.unitOf(largest);
        RowScale.set(block.params(), symmetric, unit, 1, scheme.rounding().steps(block.bits()));
        if (calibration.method() == Calibration.Method.PERCENTILE || calibration.method() == Calibration.Method.MSE) {
            long[] counts = new long[RangeSearch.BINS];
            for (int r = block.rowStart(); r < block.rowEnd(); r++) {
                int code = RowScale.code(x, r, scheme, block);
                for (int c = 0; c < scheme.cols(); c++) {
                    RangeSearch.countInRow(calibration, symmetric, x.get(r, c), unit, code, 1, counts);
                }
            }
            double clip = RangeSearch.clip(calibration, symmetric, counts, block.bits(), scheme.rounding());
            RowScale.set(
                    block.params(), symmetric, unit, clip, scheme.rounding().steps(block.bits()));
        }
    }

    private Range range(int rowStart, int rowEnd, int colStart, int colEnd, Block block) {
        float min = Float.POSITIVE_INFINITY;
        float max = Float.NEGATIVE_INFINITY;
        double magnitudes = 0;
        double sumOfMinima = 0;
        double sumOfMaxima = 0;
        for (int r = rowStart; r < rowEnd; r++) {
            float rowMin = Float.POSITIVE_INFINITY;
            float rowMax = Float.NEGATIVE_INFINITY;
            for (int c = colStart; c < colEnd; c++) {
                rowMin = Math.min(rowMin, x.get(r, c));
                rowMax = Math.max(rowMax, x.get(r, c));
                magnitudes += Math.abs(x.get(r, c));
            }
            min = Math.min(min, rowMin);
            max = Math.max(max, rowMax);
            sumOfMinima += rowMin;
            sumOfMaxima += rowMax;
        }
        int rows = rowEnd - rowStart;
        if (calibration.method() == Calibration.Method.SIGN) {
            return RangeSearch.symmetric(magnitudes, (long) rows * (colEnd - colStart));
        }
        if (min == max) {
            return new Range(min, max);
        }
        return switch (calibration.method()) {
            case MIN_MAX, SIGN -> new Range(min, max);
            case ROW_MEAN ->
                scheme.granularity() == Granularity.COLUMN
                        ? new Range(min, max)
                        : new Range(sumOfMinima / rows, sumOfMaxima / rows);
            case PERCENTILE, MSE -> {
                long[] counts = new long[RangeSearch.BINS];
                float binsPerUnit = RangeSearch.binsPerUnit(min, max);
                for (int r = rowStart; r < rowEnd; r++) {
                    for (int c = colStart; c < colEnd; c++) {
                        counts[RangeSearch.bin(x.get(r, c), min, binsPerUnit)]++;
                    }
                }
                yield RangeSearch.choose(calibration, min, max, counts, block.bits(), scheme.rounding());
            }
        };
    }
}
