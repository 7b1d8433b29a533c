package org.sgquant.kernels.cpu;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;
import org.sgquant.tensor.RowScale;

/**
 * Scale and offset of one block spread over the columns, so that every granularity runs through one loop; over a single
 * vector where each row has its own.
 */
final class BlockParams {

    final float[] scale;
    final float[] offset;
    private final Block block;
    private final QuantScheme scheme;
    private final boolean perRow;
    private final boolean perCode;

    BlockParams(QuantScheme scheme, Block block) {
        this.block = block;
        this.scheme = scheme;
        perRow = scheme.granularity() == Granularity.ROW;
        perCode = scheme.granularity() == Granularity.ROW_CODE;
        scale = spread(block.params().scale(), scheme);
        offset = spread(block.params().offset(), scheme);
    }

    static List<BlockParams> all(QuantScheme scheme) {
        return scheme.blocks().stream().map(b -> new BlockParams(scheme, b)).toList();
    }

    private float[] spread(FloatMatrix values, QuantScheme scheme) {
        if (scheme.granularity() == Granularity.COLUMN) {
            return Arrays.copyOf(values.row(0), Lanes.padded(scheme.cols()));
        }
        if (perRow) {
            return new float[Lanes.FLOATS];
        }
        float[] spread = new float[Lanes.padded(scheme.cols())];
        Arrays.fill(spread, values.get(0, 0));
        return spread;
    }

    /** Takes the scale and offset of {@code row} of the tensor where each row has its own; {@code code} is the row's. */
    void moveTo(int row, int code) {
        if (perRow || perCode) {
            int i = scheme.scaleIndex(block, row, 0);
            Arrays.fill(scale, block.params().scale().get(0, i) * code);
            Arrays.fill(offset, block.params().offset().get(0, i) * code);
        }
    }

    /** Takes those that sums of the whole block are multiplied by. */
    void moveToSums() {
        if (perCode) {
            moveTo(block.rowStart(), 1);
        }
    }

    /** {@link RowScale#code(FloatMatrix, int, QuantScheme, Block)}. */
    int rowCode(FloatMatrix x, int r) {
        if (!perCode) {
            return 1;
        }
        FloatVector largest = FloatVector.zero(Lanes.FLOAT);
        for (int c = 0; c < x.cols(); c += Lanes.FLOATS) {
            FloatVector v = FloatVector.fromMemorySegment(
                            Lanes.FLOAT, x.data(), x.rowOffset(r) + 4L * c, ByteOrder.nativeOrder())
                    .abs();
            VectorMask<Float> larger =
                    v.compare(VectorOperators.GT, largest).and(Lanes.FLOAT.indexInRange(c, x.cols()));
            largest = largest.blend(v, larger);
        }
        return RowScale.code(largest.reduceLanes(VectorOperators.MAX), RowScale.unit(block.params()), block.bits());
    }

    /** {@code fma(scale, code, offset)} at columns c, c + 1, ... */
    FloatVector dequantize(IntVector codes, int c) {
        return scaleAt(c).fma(Lanes.floats(codes), offsetAt(c));
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
