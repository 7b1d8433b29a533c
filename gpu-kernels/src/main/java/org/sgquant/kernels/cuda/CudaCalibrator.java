package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.RangeSearch;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;

/**
 * Chooses the ranges of a scheme on the device: extremes first, then histograms where the rule asks for them.
 *
 * <p>Ranges by MIN_MAX, PERCENTILE and MSE are the hosts' to the bit. ROW_MEAN and SIGN add their terms in another
 * order: the double sums may differ in the last bit before they are rounded to float.
 */
final class CudaCalibrator {

    /** Columns of a tile of threads, and least rows that one takes. */
    private static final int TILE_COLUMNS = 32;

    private static final int LEAST_ROWS = 1024;

    /** Most parts that the rows of a column are taken in. */
    private static final int MAX_PARTS = 256;

    /** Values of a tensor that make a block of threads with bins of its own worthwhile, and such blocks per multiprocessor. */
    private static final int LEAST_VALUES = 1 << 14;

    private static final int BLOCKS_PER_MULTIPROCESSOR = 8;

    /** Bytes of a pair of extremes. */
    private static final int EXTREMES_BYTES = 2 * Float.BYTES;

    private final Launcher launcher;

    CudaCalibrator(Launcher launcher) {
        this.launcher = launcher;
    }

    /** The same ranges with 32 bits instead of small floats, which have no range either. */
    private static QuantScheme integers(QuantScheme scheme) {
        List<Block> blocks = scheme.blocks().stream()
                .map(b -> b.bits().isFloat() ? new Block(b.rowStart(), b.rowEnd(), BitWidth.FP32, b.params()) : b)
                .toList();
        return new QuantScheme(scheme.name(), scheme.cols(), scheme.granularity(), scheme.rounding(), blocks);
    }

    void calibrate(FloatMatrix x, QuantScheme of, Calibration calibration) {
        PackedShapes.requireScheme(x, of, "calibrate");
        QuantScheme scheme = integers(of);
        if (scheme.blocks().isEmpty()) {
            return;
        }
        if (scheme.granularity() == Granularity.COLUMN) {
            for (int b = 0; b < scheme.blocks().size(); b++) {
                if (scheme.blocks().get(b).bits().isPacked() && scheme.cols() > 0) {
                    calibrateColumns(x, scheme, b, calibration);
                }
            }
            return;
        }
        MemorySegment rowMin = launcher.scratch("row minima", Math.max(x.rows(), 1) * (long) Float.BYTES);
        MemorySegment rowMax = launcher.scratch("row maxima", Math.max(x.rows(), 1) * (long) Float.BYTES);
        MemorySegment rowSum = calibration.method() == Calibration.Method.SIGN
                ? launcher.scratch("row magnitudes", Math.max(x.rows(), 1) * (long) Double.BYTES)
                : null;
        observeRows(x, scheme, rowMin, rowMax, rowSum);
        if (scheme.granularity() == Granularity.ROW_CODE) {
            calibrateRowCodes(x, scheme, calibration, rowMin, rowMax);
        } else if (scheme.granularity() == Granularity.ROW) {
            for (int b = 0; b < scheme.blocks().size(); b++) {
                if (scheme.blocks().get(b).bits().isPacked()) {
                    calibrateRows(x, scheme, b, calibration, rowMin, rowMax, rowSum);
                }
            }
        } else {
            calibrateBlocks(x, scheme, calibration, rowMin, rowMax, rowSum);
        }
    }

    private int site(QuantScheme scheme) {
        return launcher.errors().nonFinite(scheme.name(), scheme.cols());
    }

    private static boolean needsHistogram(Calibration calibration) {
        return switch (calibration.method()) {
            case MIN_MAX, ROW_MEAN, SIGN -> false;
            case PERCENTILE, MSE -> true;
        };
    }

    /** SgqMethod. */
    private static int code(Calibration calibration) {
        return switch (calibration.method()) {
            case MIN_MAX -> 0;
            case ROW_MEAN -> 1;
            case PERCENTILE -> 2;
            case MSE -> 3;
            case SIGN -> 4;
        };
    }

    private void observeRows(
            FloatMatrix x, QuantScheme scheme, MemorySegment rowMin, MemorySegment rowMax, MemorySegment rowSum) {
        String name = "observe_rows_f32";
        int lanesPerRow = 4;
        launcher.kernel(name)
                .pointer(x)
                .scheme(scheme)
                .pointer(rowMin)
                .pointer(rowMax)
                .pointer(rowSum)
                .pointer(launcher.errors().word())
                .int32(site(scheme))
                .run(launcher.blocks(name, Quads.threads(x.rows(), lanesPerRow)));
    }

    /** One range for the tensor or one for each block. */
    private void calibrateBlocks(
            FloatMatrix x,
            QuantScheme scheme,
            Calibration calibration,
            MemorySegment rowMin,
            MemorySegment rowMax,
            MemorySegment rowSum) {
        int blocks = scheme.blocks().size();
        int ranges = scheme.granularity() == Granularity.TENSOR ? 1 : blocks;
        MemorySegment extremes = launcher.scratch("extremes", (long) ranges * EXTREMES_BYTES);
        MemorySegment counts = launcher.scratch("histograms", (long) ranges * RangeSearch.BINS * Long.BYTES);
        launcher.kernel("range_f32_tensor")
                .scheme(scheme)
                .pointer(rowMin)
                .pointer(rowMax)
                .pointer(rowSum)
                .int32(code(calibration))
                .pointer(extremes)
                .pointer(counts)
                .run(ranges);
        if (!needsHistogram(calibration)) {
            return;
        }
        int chunk = histogramRows(x);
        launcher.kernel("histogram_f32_tensor")
                .pointer(x)
                .scheme(scheme)
                .int32(chunk)
                .pointer(extremes)
                .pointer(counts)
                .run(Math.ceilDiv(x.rows(), chunk), ranges);
        launcher.kernel("search_f32_tensor")
                .scheme(scheme)
                .pointer(extremes)
                .pointer(counts)
                .int32(code(calibration))
                .float64(calibration.fraction())
                .run(blocks);
    }

    /** Rows that a block of threads counts in a histogram of a whole tensor or block. */
    private int histogramRows(FloatMatrix x) {
        return Math.max(
                Math.ceilDiv(
                        x.rows(), BLOCKS_PER_MULTIPROCESSOR * launcher.device().multiprocessors()),
                Math.ceilDiv(LEAST_VALUES, Math.max(x.cols(), 1)));
    }

    /** One range and unit for each block. */
    private void calibrateRowCodes(
            FloatMatrix x, QuantScheme scheme, Calibration calibration, MemorySegment rowMin, MemorySegment rowMax) {
        int blocks = scheme.blocks().size();
        MemorySegment extremes = launcher.scratch("extremes", (long) blocks * EXTREMES_BYTES);
        MemorySegment counts = launcher.scratch("histograms", (long) blocks * RangeSearch.BINS * Long.BYTES);
        launcher.kernel("range_f32_row_code")
                .scheme(scheme)
                .pointer(rowMin)
                .pointer(rowMax)
                .pointer(extremes)
                .pointer(counts)
                .run(blocks);
        if (!needsHistogram(calibration)) {
            return;
        }
        int chunk = histogramRows(x);
        launcher.kernel("histogram_f32_row_code")
                .pointer(x)
                .scheme(scheme)
                .int32(chunk)
                .int32(code(calibration))
                .pointer(rowMin)
                .pointer(rowMax)
                .pointer(extremes)
                .pointer(counts)
                .run(Math.ceilDiv(x.rows(), chunk), blocks);
        launcher.kernel("search_f32_row_code")
                .scheme(scheme)
                .pointer(extremes)
                .pointer(counts)
                .int32(code(calibration))
                .float64(calibration.fraction())
                .run(blocks);
    }

    private void calibrateRows(
            FloatMatrix x,
            QuantScheme scheme,
            int b,
            Calibration calibration,
            MemorySegment rowMin,
            MemorySegment rowMax,
            MemorySegment rowSum) {
        int rows = scheme.blocks().get(b).rows();
        if (needsHistogram(calibration)) {
            launcher.kernel("search_f32_row")
                    .pointer(x)
                    .scheme(scheme)
                    .int32(b)
                    .pointer(rowMin)
                    .pointer(rowMax)
                    .int32(code(calibration))
                    .float64(calibration.fraction())
                    .run(rows);
            return;
        }
        String name = "range_f32_row";
        launcher.kernel(name)
                .scheme(scheme)
                .int32(b)
                .pointer(rowMin)
                .pointer(rowMax)
                .pointer(rowSum)
                .run(launcher.blocks(name, rows));
    }

    private void calibrateColumns(FloatMatrix x, QuantScheme scheme, int b, Calibration calibration) {
        Block block = scheme.blocks().get(b);
        int cols = scheme.cols();
        int chunk = Math.max(LEAST_ROWS, Math.ceilDiv(block.rows(), MAX_PARTS));
        int chunks = Math.ceilDiv(block.rows(), chunk);
        int tiles = Math.ceilDiv(cols, TILE_COLUMNS);
        MemorySegment parts = launcher.scratch("column extremes", Math.max(chunks, 1) * 2L * cols * Integer.BYTES);
        MemorySegment extremes = launcher.scratch("extremes", (long) cols * EXTREMES_BYTES);
        MemorySegment sums = calibration.method() == Calibration.Method.SIGN
                ? launcher.scratch("column magnitudes", Math.max(chunks, 1) * (long) cols * Double.BYTES)
                : null;
        launcher.kernel("observe_columns_f32")
                .pointer(x)
                .scheme(scheme)
                .int32(b)
                .int32(chunk)
                .pointer(parts)
                .pointer(sums)
                .pointer(launcher.errors().word())
                .int32(site(scheme))
                .run(tiles, chunks);
        launcher.kernel("range_f32_column")
                .scheme(scheme)
                .int32(b)
                .pointer(parts)
                .pointer(sums)
                .int32(chunks)
                .int32(code(calibration))
                .pointer(extremes)
                .run(launcher.blocks("range_f32_column", cols));
        if (!needsHistogram(calibration)) {
            return;
        }
        long bins = (long) cols * RangeSearch.BINS;
        MemorySegment counts = launcher.scratch("histograms", bins * Integer.BYTES);
        launcher.kernel("fill_f32").pointer(counts).float32(0).int64(bins).run(launcher.blocks("fill_f32", bins));
        launcher.kernel("histogram_f32_column")
                .pointer(x)
                .scheme(scheme)
                .int32(b)
                .int32(chunk)
                .pointer(extremes)
                .pointer(counts)
                .run(tiles, chunks);
        launcher.kernel("search_f32_column")
                .scheme(scheme)
                .int32(b)
                .pointer(extremes)
                .pointer(counts)
                .int32(code(calibration))
                .float64(calibration.fraction())
                .run(cols);
    }
}
