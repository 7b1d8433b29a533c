package org.sgquant.kernels.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme.Block;

/**
 * Dequantized values of a packed row that are not 0, with their columns, ascending; scratch of one thread.
 *
 * <p>Bag-of-words rows at 1 bit are read a word of 64 codes at a time, so that zeros cost nothing.
 */
final class NonZeros {

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    final int[] column;
    final float[] value;
    private final PackedMatrix x;
    private final int cols;
    private final IntVector iota = IntVector.zero(Lanes.INT).addIndex(1);
    private int block = -1;
    private BlockParams params;
    private RowCodes codes;

    NonZeros(PackedMatrix x) {
        this.x = x;
        cols = x.cols();
        column = new int[Lanes.padded(cols)];
        value = new float[Lanes.padded(cols)];
    }

    /** Reads row {@code r} and returns how many values it has. */
    int read(int r) {
        moveToBlock(r);
        Block at = x.scheme().blocks().get(block);
        MemorySegment data = x.data(block);
        long row = (long) (r - at.rowStart()) * x.stride(block);
        if (!at.bits().isPacked()) {
            return readFloats(data, row);
        }
        if (at.bits() == BitWidth.Q1 && x.scheme().granularity() != Granularity.COLUMN) {
            int i = x.scheme().scaleIndex(at, r, 0);
            if (at.params().offset().get(0, i) == 0) {
                return readBits(data, row, at.params().scale().get(0, i) * x.rowCode(block, r - at.rowStart()));
            }
        }
        return readCodes(r, data, row);
    }

    private void moveToBlock(int r) {
        if (block >= 0 && r < x.scheme().blocks().get(block).rowEnd()) {
            return;
        }
        do {
            block++;
        } while (r >= x.scheme().blocks().get(block).rowEnd());
        Block at = x.scheme().blocks().get(block);
        if (at.bits().isPacked()) {
            params = new BlockParams(x.scheme(), at);
            codes = new RowCodes(at.bits(), cols);
        }
    }

    private int readBits(MemorySegment data, long row, float one) {
        if (one == 0) {
            return 0;
        }
        int n = ones(data, row, cols, column);
        Arrays.fill(value, 0, n, one);
        return n;
    }

    /** Writes the columns of the 1-bit codes that are 1 and returns how many there are. */
    static int ones(MemorySegment data, long row, int cols, int[] column) {
        int n = 0;
        for (int c = 0; c < cols; c += Long.SIZE) {
            long word = data.get(LONG, row + c / 8);
            if (cols - c < Long.SIZE) {
                word &= (1L << (cols - c)) - 1;
            }
            for (; word != 0; word &= word - 1) {
                column[n++] = c + Long.numberOfTrailingZeros(word);
            }
        }
        return n;
    }

    private int readCodes(int r, MemorySegment data, long row) {
        params.moveTo(r, x.rowCode(block, r - x.scheme().blocks().get(block).rowStart()));
        codes.load(data, row);
        int n = 0;
        for (int c = 0; c < cols; c += Lanes.FLOATS) {
            n = append(params.dequantize(codes.get(c), c), c, n);
        }
        return n;
    }

    private int readFloats(MemorySegment data, long row) {
        int n = 0;
        for (int c = 0; c < cols; c += Lanes.FLOATS) {
            n = append(FloatVector.fromMemorySegment(Lanes.FLOAT, data, row + 4L * c, ByteOrder.nativeOrder()), c, n);
        }
        return n;
    }

    private int append(FloatVector v, int c, int n) {
        VectorMask<Float> mask = v.compare(VectorOperators.NE, 0).and(Lanes.FLOAT.indexInRange(c, cols));
        v.compress(mask).intoArray(value, n);
        iota.add(c).compress(mask.cast(Lanes.INT)).intoArray(column, n);
        return n + mask.trueCount();
    }
}
