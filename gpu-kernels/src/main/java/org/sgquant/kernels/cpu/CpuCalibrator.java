package org.sgquant.kernels.cpu;

import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.Calibration.Method;
import org.sgquant.kernels.RangeSearch;
import org.sgquant.kernels.RangeSearch.Range;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;
import org.sgquant.tensor.RowScale;

/** Chooses the ranges of a scheme: row minima and maxima first, then histograms where the rule asks for them. */
final class CpuCalibrator {

    private final Workers workers;
    private final FloatMatrix x;
    private final QuantScheme scheme;
    private final Calibration calibration;
    private final float[] rowMin;
    private final float[] rowMax;

    /** Sums of the rows' magnitudes, null where the rule does not ask for them. */
    private final double[] rowMagnitude;

    CpuCalibrator(Workers workers, FloatMatrix x, QuantScheme scheme, Calibration calibration) {
        this.workers = workers;
        this.x = x;
        this.scheme = scheme;
        this.calibration = calibration;
        rowMin = new float[x.rows()];
        rowMax = new float[x.rows()];
        rowMagnitude = calibration.method() == Method.SIGN ? new double[x.rows()] : null;
    }

    void run() {
        observeRows();
        Range whole = null;
        long[] wholeCounts = null;
        for (Block block : scheme.blocks()) {
            if (!block.bits().isInteger()) {
                continue;
            }
            if (block.rows() == 0 || scheme.cols() == 0) {
                for (int s = 0; s < block.params().scale().cols(); s++) {
                    set(block, s, new Range(0, 0));
                }
                continue;
            }
            switch (scheme.granularity()) {
                case TENSOR -> {
                    if (whole == null) {
                        whole = extremes(0, scheme.rows());
                        wholeCounts = needsHistogram(whole) ? histogram(0, scheme.rows(), whole) : null;
                    }
                    set(block, 0, choose(block, 0, scheme.rows(), whole, wholeCounts));
                }
                case BUCKET -> {
                    Range range = extremes(block.rowStart(), block.rowEnd());
                    long[] counts = needsHistogram(range) ? histogram(block.rowStart(), block.rowEnd(), range) : null;
                    set(block, 0, choose(block, block.rowStart(), block.rowEnd(), range, counts));
                }
                case COLUMN -> new ColumnRanges(workers, x, scheme, calibration).calibrate(block);
                case ROW -> calibrateRows(block);
                case ROW_CODE -> calibrateRowCodes(block);
            }
        }
    }

    private void set(Block block, int s, Range range) {
        block.params().setRange(s, range.lo(), range.hi(), scheme.rounding().steps(block.bits()));
    }

    /** Minimum and maximum of every row; a range over the whole tensor sees blocks of floats too. */
    private void observeRows() {
        workers.run((long) x.rows() * x.cols(), x.rows(), (from, to) -> {
            for (Block block : scheme.blocks()) {
                if (block.bits().isInteger() || scheme.granularity() == Granularity.TENSOR) {
                    for (int r = Math.max(from, block.rowStart()); r < Math.min(to, block.rowEnd()); r++) {
                        CpuQuantizer.requireFinite(x, r, r, scheme.name());
                        observeRow(r);
                    }
                }
            }
        });
    }

    private void observeRow(int r) {
        FloatVector lo = FloatVector.broadcast(Lanes.FLOAT, Float.POSITIVE_INFINITY);
        FloatVector hi = FloatVector.broadcast(Lanes.FLOAT, Float.NEGATIVE_INFINITY);
        for (int c = 0; c < x.cols(); c += Lanes.FLOATS) {
            FloatVector v = FloatVector.fromMemorySegment(
                    Lanes.FLOAT, x.data(), x.rowOffset(r) + 4L * c, ByteOrder.nativeOrder());
            VectorMask<Float> inside = Lanes.FLOAT.indexInRange(c, x.cols());
            lo = lo.blend(lo.min(v), inside);
            hi = hi.blend(hi.max(v), inside);
        }
        rowMin[r] = lo.reduceLanes(VectorOperators.MIN);
        rowMax[r] = hi.reduceLanes(VectorOperators.MAX);
        for (int c = 0; rowMagnitude != null && c < x.cols(); c++) {
            rowMagnitude[r] += Math.abs(x.get(r, c));
        }
    }

    private Range extremes(int from, int to) {
        float min = Float.POSITIVE_INFINITY;
        float max = Float.NEGATIVE_INFINITY;
        for (int r = from; r < to; r++) {
            min = Math.min(min, rowMin[r]);
            max = Math.max(max, rowMax[r]);
        }
        return new Range(min, max);
    }

    private boolean needsHistogram(Range range) {
        return range.lo() < range.hi()
                && (calibration.method() == Method.PERCENTILE || calibration.method() == Method.MSE);
    }

    private Range choose(Block block, int from, int to, Range range, long[] counts) {
        if (counts != null) {
            return RangeSearch.choose(
                    calibration, (float) range.lo(), (float) range.hi(), counts, block.bits(), scheme.rounding());
        }
        if (rowMagnitude != null) {
            return RangeSearch.symmetric(Arrays.stream(rowMagnitude, from, to).sum(), (long) (to - from) * x.cols());
        }
        return calibration.method() == Method.ROW_MEAN && range.lo() < range.hi()
                ? new Range(mean(rowMin, from, to), mean(rowMax, from, to))
                : range;
    }

    private static double mean(float[] values, int from, int to) {
        double sum = 0;
        for (int r = from; r < to; r++) {
            sum += values[r];
        }
        return sum / (to - from);
    }

    private long[] histogram(int from, int to, Range range) {
        long[] counts = new long[RangeSearch.BINS];
        workers.run((long) (to - from) * x.cols() * 2, to - from, (start, end) -> {
            long[] part = new long[RangeSearch.BINS];
            for (int r = from + start; r < from + end; r++) {
                count(r, (float) range.lo(), (float) range.hi(), part);
            }
            synchronized (counts) {
                Arrays.setAll(counts, b -> counts[b] + part[b]);
            }
        });
        return counts;
    }

    private void count(int r, float min, float max, long[] counts) {
        float binsPerUnit = RangeSearch.binsPerUnit(min, max);
        for (int c = 0; c < x.cols(); c++) {
            counts[RangeSearch.bin(x.get(r, c), min, binsPerUnit)]++;
        }
    }

    private void calibrateRowCodes(Block block) {
        Range range = extremes(block.rowStart(), block.rowEnd());
        float largest = Math.max(-(float) range.lo(), (float) range.hi());
        if (largest == 0) {
            RowScale.setZero(block.params());
            return;
        }
        boolean symmetric = range.lo() < 0;
        float unit = RowScale.unitOf(largest);
        int steps = scheme.rounding().steps(block.bits());
        RowScale.set(block.params(), symmetric, unit, 1, steps);
        if (calibration.method() != Method.PERCENTILE && calibration.method() != Method.MSE) {
            return;
        }
        long[] counts = new long[RangeSearch.BINS];
        workers.run((long) block.rows() * x.cols() * 4, block.rows(), (from, to) -> {
            long[] part = new long[RangeSearch.BINS];
            for (int r = block.rowStart() + from; r < block.rowStart() + to; r++) {
                int code = RowScale.code(Math.max(-rowMin[r], rowMax[r]), unit, block.bits());
                for (int c = 0; c < x.cols(); c++) {
                    RangeSearch.countInRow(calibration, symmetric, x.get(r, c), unit, code, 1, part);
                }
            }
            synchronized (counts) {
                Arrays.setAll(counts, i -> counts[i] + part[i]);
            }
        });
        double clip = RangeSearch.clip(calibration, symmetric, counts, block.bits(), scheme.rounding());
        RowScale.set(block.params(), symmetric, unit, clip, steps);
    }

    private void calibrateRows(Block block) {
        workers.run((long) block.rows() * x.cols() * 64, block.rows(), (from, to) -> {
            long[] counts = new long[RangeSearch.BINS];
            for (int s = from; s < to; s++) {
                int r = block.rowStart() + s;
                Range range = new Range(rowMin[r], rowMax[r]);
                if (rowMagnitude != null) {
                    range = choose(block, r, r + 1, range, null);
                } else if (needsHistogram(range)) {
                    Arrays.fill(counts, 0L);
                    count(r, rowMin[r], rowMax[r], counts);
                    range = choose(block, r, r + 1, range, counts);
                }
                set(block, s, range);
            }
        });
    }
}
