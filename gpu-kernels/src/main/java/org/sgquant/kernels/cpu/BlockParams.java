package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.tensor.FloatFormat;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;
import org.sgquant.tensor.RowScale;

/**
 * Scale and offset of one block spread over the columns, so that every granularity runs through one loop; over a single
 * vector where each row has its own. Floats have scales alone, from the codes of the row that this was moved to.
 */
final class BlockParams {

    final float[] scale;
    final float[] offset;
    private final Block block;
    private final QuantScheme scheme;
    private final boolean perRow;
    private final boolean perCode;

    /** Null where codes are integers. */
    private final FloatLanes floats;

    private final int[] codes;

    BlockParams(QuantScheme scheme, Block block) {
        this.block = block;
        this.scheme = scheme;
        floats = block.bits().isFloat() ? new FloatLanes(block.bits().format()) : null;
        perRow = floats == null && scheme.granularity() == Granularity.ROW;
        perCode = floats == null && scheme.granularity() == Granularity.ROW_CODE;
        codes = new int[scheme.granularity().rowCodes(block.bits(), scheme.cols())];
        scale = spread(block.params().scale(), scheme);
        offset = spread(block.params().offset(), scheme);
    }

    static List<BlockParams> all(QuantScheme scheme) {
        return scheme.blocks().stream().map(b -> new BlockParams(scheme, b)).toList();
    }

    private float[] spread(FloatMatrix values, QuantScheme scheme) {
        if (floats == null && scheme.granularity() == Granularity.COLUMN) {
            return Arrays.copyOf(values.row(0), Lanes.padded(scheme.cols()));
        }
        if (perRow) {
            return new float[Lanes.FLOATS];
        }
        if (floats != null) {
            return new float[Lanes.padded(scheme.cols())];
        }
        float[] spread = new float[Lanes.padded(scheme.cols())];
        Arrays.fill(spread, values.get(0, 0));
        return spread;
    }

    /** Takes the scales that row {@code r} of {@code x}, of its block {@code b}, is stored with. */
    void moveTo(PackedMatrix x, int b, int r) {
        long at = (long) (r - block.rowStart()) * codes.length;
        for (int i = 0; i < codes.length; i++) {
            codes[i] = Byte.toUnsignedInt(x.rowCodes(b).get(JAVA_BYTE, at + i));
        }
        moveTo(r);
    }

    /** Takes the scales that row {@code r} of {@code x}, which is {@code row} of the tensor, is to be stored with. */
    void moveTo(FloatMatrix x, int r, int row) {
        int cols = floats != null ? FloatFormat.BLOCK : x.cols();
        for (int i = 0; i < codes.length; i++) {
            float largest = largest(x, r, i * cols, Math.min((i + 1) * cols, x.cols()));
            codes[i] = floats != null
                    ? block.bits().format().scaleCode(largest)
                    : RowScale.code(largest, RowScale.unit(block.params()), block.bits());
        }
        moveTo(row);
    }

    /** Largest magnitude of the columns [from, to), NaN left out. */
    private static float largest(FloatMatrix x, int r, int from, int to) {
        FloatVector largest = FloatVector.zero(Lanes.FLOAT);
        for (int c = from; c < to; c += Lanes.FLOATS) {
            FloatVector v = FloatVector.fromMemorySegment(
                            Lanes.FLOAT, x.data(), x.rowOffset(r) + 4L * c, ByteOrder.nativeOrder())
                    .abs();
            VectorMask<Float> larger = v.compare(VectorOperators.GT, largest).and(Lanes.FLOAT.indexInRange(c, to));
            largest = largest.blend(v, larger);
        }
        return largest.reduceLanes(VectorOperators.MAX);
    }

    private void moveTo(int row) {
        if (floats != null) {
            for (int i = 0; i < codes.length; i++) {
                int from = i * FloatFormat.BLOCK;
                Arrays.fill(scale, from, Math.min(from + FloatFormat.BLOCK, scale.length), FloatFormat.scale(codes[i]));
            }
        } else if (perRow || perCode) {
            take(row, perCode ? codes[0] : 1);
        }
    }

    private void take(int row, int code) {
        int i = scheme.scaleIndex(block, row, 0);
        Arrays.fill(scale, block.params().scale().get(0, i) * code);
        Arrays.fill(offset, block.params().offset().get(0, i) * code);
    }

    /** Takes those that sums of the whole block are multiplied by. */
    void moveToSums() {
        if (perCode) {
            take(block.rowStart(), 1);
        }
    }

    /** Stores the codes of row {@code r}, to which this was moved, beside it. */
    void storeRowCodes(PackedMatrix x, int b, int r) {
        long at = (long) (r - block.rowStart()) * codes.length;
        for (int i = 0; i < codes.length; i++) {
            x.rowCodes(b).set(JAVA_BYTE, at + i, (byte) codes[i]);
        }
    }

    /** Null where codes are integers; takes values divided by {@link #scaleAt}. */
    FloatLanes floats() {
        return floats;
    }

    /** {@code fma(scale, code, offset)}, or scale times float, at columns c, c + 1, ... */
    FloatVector dequantize(IntVector codes, int c) {
        return floats == null
                ? scaleAt(c).fma(Lanes.floats(codes), offsetAt(c))
                : scaleAt(c).mul(floats.values(codes));
    }

    FloatVector scaleAt(int c) {
        return FloatVector.fromArray(Lanes.FLOAT, scale, perRow ? 0 : c);
    }

    FloatVector offsetAt(int c) {
        return FloatVector.fromArray(Lanes.FLOAT, offset, perRow ? 0 : c);
    }

    /** {@code acc = fma(ws * scale, (float) sums, fma(ws * offset, weightSum, acc))}, sums below 2^31. */
    void addSums(float ws, int[] sums, float weightSum, float[] acc, int cols) {
        for (int c = 0; c < cols; c += Lanes.FLOATS) {
            FloatVector s = Lanes.floats(IntVector.fromArray(Lanes.INT, sums, c));
            FloatVector base = offsetAt(c).mul(ws).fma(FloatVector.broadcast(Lanes.FLOAT, weightSum), at(acc, c));
            scaleAt(c).mul(ws).fma(s, base).intoArray(acc, c);
        }
    }

    /** The same for sums of any size. */
    void addSums(float ws, long[] sums, float weightSum, float[] acc, int cols) {
        for (int c = 0; c < cols; c++) {
            acc[c] = Math.fma(ws * scale[c], (float) sums[c], Math.fma(ws * offset[c], weightSum, acc[c]));
        }
    }

    private static FloatVector at(float[] values, int c) {
        return FloatVector.fromArray(Lanes.FLOAT, values, c);
    }
}
