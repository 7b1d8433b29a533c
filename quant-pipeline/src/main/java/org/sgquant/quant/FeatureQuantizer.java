package org.sgquant.quant;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.kernels.RangeSearch;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatFormat;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.PackedLayout;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;
import org.sgquant.tensor.RowScale;
import org.sgquant.tensor.ShapeException;
import org.sgquant.tensor.SparseMatrix;

/**
 * Calibrates and packs sparse non-negative features on the host without making them dense.
 *
 * <p>Same numbers as packing the dense matrix whose ranges start at 0: the missing entries count as values, and every
 * range is {@code [0, hi]}, so that they keep code 0 and the fake-quantized matrix keeps the sparsity pattern. Floats
 * have no range and keep code 0 for 0, too.
 */
final class FeatureQuantizer {

    private final CsrGraph pattern;
    private final int[] rowPtr;
    private final int[] colIdx;
    private final float[] values;
    private final QuantScheme scheme;

    /** {@code factor}, one per row or null for 1, scales the features before anything else. */
    FeatureQuantizer(SparseMatrix features, float[] factor, QuantScheme scheme) {
        ShapeException.require(features.rows(), scheme.rows(), scheme.name() + ": rows of the features");
        ShapeException.require(features.cols(), scheme.cols(), scheme.name() + ": columns of the features");
        this.pattern = features.pattern();
        this.rowPtr = pattern.rowPtr().toArray();
        this.colIdx = pattern.colIdx().toArray();
        this.values = features.values().row(0);
        this.scheme = scheme;
        for (int r = 0; r < pattern.numRows(); r++) {
            for (int e = rowPtr[r]; e < rowPtr[r + 1]; e++) {
                values[e] *= factor == null ? 1 : factor[r];
                if (!Float.isFinite(values[e])) {
                    throw new NonFiniteException(scheme.name(), r, colIdx[e], values[e]);
                }
                if (values[e] < 0) {
                    throw new IllegalArgumentException(scheme.name() + ": sparse features must not be negative, got "
                            + values[e] + " at row " + r + ", column " + colIdx[e]);
                }
            }
        }
    }

    /** Sets offset 0 and the scale of every block, row or column. */
    void calibrate(Calibration calibration) {
        if (calibration.method() == Calibration.Method.SIGN) {
            throw new IllegalArgumentException(scheme.name() + ": sparse features are not negative, their signs tell"
                    + " nothing; choose another calibration than sign");
        }
        boolean single = scheme.granularity() == Granularity.ROW || scheme.granularity() == Granularity.COLUMN;
        if (single
                && (calibration.method() == Calibration.Method.PERCENTILE
                        || calibration.method() == Calibration.Method.MSE)) {
            throw new IllegalArgumentException(scheme.name() + ": sparse features take calibration " + calibration
                    + " with granularity tensor or bucket only; with " + scheme.granularity()
                    + " choose minmax or rowmean, which are one there");
        }
        for (QuantScheme.Block block : scheme.blocks()) {
            if (!block.bits().isInteger()) {
                continue;
            }
            if (scheme.granularity() == Granularity.ROW_CODE) {
                calibrateRowCodes(block, calibration);
                continue;
            }
            boolean whole = scheme.granularity() == Granularity.TENSOR;
            int from = whole ? 0 : block.rowStart();
            int to = whole ? scheme.rows() : block.rowEnd();
            float[] highs = switch (scheme.granularity()) {
                case ROW -> rowMaxima(from, to);
                case COLUMN -> columnMaxima(from, to);
                case TENSOR, BUCKET -> new float[] {high(from, to, block.bits(), calibration)};
                case ROW_CODE -> throw new IllegalStateException("rows with codes share the range of their block");
            };
            int steps = scheme.rounding().steps(block.bits());
            for (int i = 0; i < highs.length; i++) {
                float scale = highs[i] / steps;
                block.params().scale().set(0, i, scale > 0 ? scale : 1);
                block.params().offset().set(0, i, 0);
            }
        }
    }

    private void calibrateRowCodes(QuantScheme.Block block, Calibration calibration) {
        float[] maxima = rowMaxima(block.rowStart(), block.rowEnd());
        float largest = 0;
        for (float m : maxima) {
            largest = Math.max(largest, m);
        }
        if (largest == 0) {
            RowScale.setZero(block.params());
            return;
        }
        float unit = RowScale.unitOf(largest);
        double clip = 1;
        if (calibration.method() == Calibration.Method.PERCENTILE || calibration.method() == Calibration.Method.MSE) {
            long[] counts = new long[RangeSearch.BINS];
            for (int r = block.rowStart(); r < block.rowEnd(); r++) {
                int code = RowScale.code(maxima[r - block.rowStart()], unit, block.bits());
                for (int e = rowPtr[r]; e < rowPtr[r + 1]; e++) {
                    RangeSearch.countInRow(calibration, false, values[e], unit, code, 1, counts);
                }
                int zeros = scheme.cols() - (rowPtr[r + 1] - rowPtr[r]);
                RangeSearch.countInRow(calibration, false, 0, unit, code, zeros, counts);
            }
            clip = RangeSearch.clip(calibration, false, counts, block.bits(), scheme.rounding());
        }
        RowScale.set(block.params(), false, unit, clip, scheme.rounding().steps(block.bits()));
    }

    private float[] rowMaxima(int from, int to) {
        float[] maxima = new float[to - from];
        for (int r = from; r < to; r++) {
            for (int e = rowPtr[r]; e < rowPtr[r + 1]; e++) {
                maxima[r - from] = Math.max(maxima[r - from], values[e]);
            }
        }
        return maxima;
    }

    private float[] columnMaxima(int from, int to) {
        float[] maxima = new float[scheme.cols()];
        for (int e = rowPtr[from]; e < rowPtr[to]; e++) {
            maxima[colIdx[e]] = Math.max(maxima[colIdx[e]], values[e]);
        }
        return maxima;
    }

    private float high(int from, int to, BitWidth bits, Calibration calibration) {
        float[] maxima = rowMaxima(from, to);
        float max = 0;
        double sum = 0;
        for (float m : maxima) {
            max = Math.max(max, m);
            sum += m;
        }
        return switch (calibration.method()) {
            case MIN_MAX, SIGN -> max;
            case ROW_MEAN -> (float) (sum / Math.max(maxima.length, 1));
            case PERCENTILE ->
                max == 0
                        ? 0
                        : (float) RangeSearch.percentile(0, max, histogram(from, to, max), calibration.fraction())
                                .hi();
            case MSE ->
                max == 0
                        ? 0
                        : (float) RangeSearch.leastSquares(0, max, histogram(from, to, max), bits, scheme.rounding())
                                .hi();
        };
    }

    private long[] histogram(int from, int to, float max) {
        long[] counts = new long[RangeSearch.BINS];
        float binsPerUnit = RangeSearch.BINS / max;
        for (int e = rowPtr[from]; e < rowPtr[to]; e++) {
            counts[RangeSearch.bin(values[e], 0, binsPerUnit)]++;
        }
        counts[0] += (long) (to - from) * scheme.cols() - (rowPtr[to] - rowPtr[from]);
        return counts;
    }

    /** Codes of every entry under the calibrated scheme. */
    PackedMatrix pack(HostMemory memory) {
        PackedMatrix out = PackedMatrix.allocate(memory, scheme);
        for (int b = 0; b < scheme.blocks().size(); b++) {
            QuantScheme.Block block = scheme.blocks().get(b);
            for (int r = block.rowStart(); r < block.rowEnd(); r++) {
                packRow(out, b, block, r);
            }
        }
        return out;
    }

    private void packRow(PackedMatrix out, int b, QuantScheme.Block block, int r) {
        long at = (long) (r - block.rowStart()) * out.stride(b);
        if (block.bits().isFloat()) {
            packFloats(out, b, r);
            return;
        }
        int rowCode = rowCode(block, r);
        if (out.rowCodes(b).byteSize() > 0) {
            out.rowCodes(b).set(ValueLayout.JAVA_BYTE, r - block.rowStart(), (byte) rowCode);
        }
        for (int e = rowPtr[r]; e < rowPtr[r + 1]; e++) {
            if (block.bits().isPacked()) {
                PackedLayout.setCode(
                        out.data(b), at, block.bits(), scheme.cols(), colIdx[e], code(block, r, e, rowCode));
            } else {
                PackedLayout.setFloat(out.data(b), at, colIdx[e], values[e]);
            }
        }
    }

    private void packFloats(PackedMatrix out, int b, int r) {
        QuantScheme.Block block = scheme.blocks().get(b);
        FloatFormat format = block.bits().format();
        int row = r - block.rowStart();
        int[] scales = scaleCodes(format, r);
        for (int g = 0; g < scales.length; g++) {
            out.rowCodes(b).set(ValueLayout.JAVA_BYTE, (long) row * scales.length + g, (byte) scales[g]);
        }
        for (int e = rowPtr[r]; e < rowPtr[r + 1]; e++) {
            int code = format.code(values[e] / FloatFormat.scale(scales[colIdx[e] / FloatFormat.BLOCK]));
            PackedLayout.setCode(out.data(b), (long) row * out.stride(b), block.bits(), scheme.cols(), colIdx[e], code);
        }
    }

    private int[] scaleCodes(FloatFormat format, int r) {
        float[] largest = new float[FloatFormat.scales(scheme.cols())];
        for (int e = rowPtr[r]; e < rowPtr[r + 1]; e++) {
            int g = colIdx[e] / FloatFormat.BLOCK;
            largest[g] = Math.max(largest[g], values[e]);
        }
        int[] codes = new int[largest.length];
        Arrays.setAll(codes, g -> format.scaleCode(largest[g]));
        return codes;
    }

    private int rowCode(QuantScheme.Block block, int r) {
        if (scheme.granularity() != Granularity.ROW_CODE || !block.bits().isInteger()) {
            return 1;
        }
        return RowScale.code(rowMaxima(r, r + 1)[0], RowScale.unit(block.params()), block.bits());
    }

    private int code(QuantScheme.Block block, int r, int e, int rowCode) {
        float scale = scale(block, r, e, rowCode);
        float u = Math.min(Math.max(values[e] / scale, 0), block.bits().maxCode());
        return (int) (scheme.rounding() == Rounding.PAPER ? Math.floor(u) : Math.rint(u));
    }

    private float scale(QuantScheme.Block block, int r, int e, int rowCode) {
        return block.params().scale().get(0, scheme.scaleIndex(block, r, colIdx[e])) * rowCode;
    }

    /** The stored entries as inference will see them, in the order of the pattern. */
    float[] fakeQuantized() {
        float[] out = values.clone();
        for (QuantScheme.Block block : scheme.blocks()) {
            if (!block.bits().isPacked()) {
                continue;
            }
            for (int r = block.rowStart(); r < block.rowEnd(); r++) {
                if (block.bits().isFloat()) {
                    fakeQuantizeFloats(block.bits().format(), r, out);
                    continue;
                }
                int rowCode = rowCode(block, r);
                for (int e = rowPtr[r]; e < rowPtr[r + 1]; e++) {
                    out[e] = Math.fma(scale(block, r, e, rowCode), code(block, r, e, rowCode), 0f);
                }
            }
        }
        return out;
    }

    private void fakeQuantizeFloats(FloatFormat format, int r, float[] out) {
        int[] scales = scaleCodes(format, r);
        for (int e = rowPtr[r]; e < rowPtr[r + 1]; e++) {
            float scale = FloatFormat.scale(scales[colIdx[e] / FloatFormat.BLOCK]);
            out[e] = scale * format.value(format.code(values[e] / scale));
        }
    }
}
