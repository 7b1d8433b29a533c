package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.tensor.BitPositions;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme.Block;

/**
 * Dequantized values of a packed row that are not 0, with their columns, ascending; scratch of one thread.
 *
 * <p>Rows of bags of words, where code 0 stands for 0 and most codes are 0, are read a word of 64 bits at a time, so that
 * zeros cost nothing.
 */
final class NonZeros {

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Fewer values than a FEW-th of the columns are found code by code, more of them a vector at a time. */
    private static final int FEW = 8;

    final int[] column;
    final float[] value;
    private final PackedMatrix x;
    private final int cols;
    private final IntVector iota = IntVector.zero(Lanes.INT).addIndex(1);
    private int block = -1;
    private BlockParams params;
    private RowCodes codes;
    private int found;

    NonZeros(PackedMatrix x) {
        this.x = x;
        cols = x.cols();
        column = new int[Lanes.padded(cols)];
        value = new float[Lanes.padded(cols)];
    }

    /** Reads row {@code r} and returns how many values it has. */
    int read(int r) {
        found = readRow(r);
        return found;
    }

    private int readRow(int r) {
        moveToBlock(r);
        Block at = x.scheme().blocks().get(block);
        MemorySegment data = x.data(block);
        long row = (long) (r - at.rowStart()) * x.stride(block);
        if (!at.bits().isPacked()) {
            return readFloats(data, row);
        }
        if (at.bits().isInteger() && x.scheme().granularity() != Granularity.COLUMN) {
            int i = x.scheme().scaleIndex(at, r, 0);
            float scale = at.params().scale().get(0, i) * x.rowCode(block, r - at.rowStart());
            boolean zeros = at.params().offset().get(0, i) == 0;
            if (zeros && at.bits() == BitWidth.Q1) {
                return readBits(data, row, scale);
            }
            // Rows of a tensor are alike: where the last one had few values, this one is likely to.
            if (zeros && (at.bits() == BitWidth.Q2 || at.bits() == BitWidth.Q4) && found < cols / FEW) {
                return readWords(data, row, at.bits().bits(), scale);
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
            n = BitPositions.append(word, c, column, n);
        }
        return n;
    }

    /** Codes of {@code width} bits, 2 or 4, whose values are {@code scale} times as much. */
    private int readWords(MemorySegment data, long row, int width, float scale) {
        if (scale == 0) {
            return 0;
        }
        int mask = (1 << width) - 1;
        int n = 0;
        for (int c = 0; c < cols; c += Long.SIZE) {
            int end = Math.min(cols - c, Long.SIZE);
            long at = row + (long) c * width / Byte.SIZE;
            long present = width == 2 ? present2(data, at, end) : present4(data, at, end);
            if (end < Long.SIZE) {
                present &= (1L << end) - 1;
            }
            n = BitPositions.append(present, c, column, n);
        }
        for (int j = 0; j < n; j++) {
            long bit = (long) column[j] * width;
            value[j] = scale * ((data.get(JAVA_BYTE, row + (bit >> 3)) >>> (bit & 7)) & mask);
        }
        return n;
    }

    /** A one for each of the {@code end} codes of 2 bits from byte {@code at} on that is not 0; what is behind is anything. */
    private static long present2(MemorySegment data, long at, int end) {
        long low = some2(data.get(LONG, at));
        return end > 32 ? low | some2(data.get(LONG, at + 8)) << 32 : low;
    }

    private static long some2(long word) {
        return Long.compress(word | word >>> 1, 0x5555555555555555L);
    }

    private static long present4(MemorySegment data, long at, int end) {
        if (end > 48) {
            long low = some4(data.get(LONG, at)) | some4(data.get(LONG, at + 8)) << 16;
            return low | some4(data.get(LONG, at + 16)) << 32 | some4(data.get(LONG, at + 24)) << 48;
        }
        long present = 0;
        for (int i = 0; i < end; i += 16) {
            present |= some4(data.get(LONG, at + i / 2)) << i;
        }
        return present;
    }

    private static long some4(long word) {
        long pairs = word | word >>> 1;
        return Long.compress(pairs | pairs >>> 2, 0x1111111111111111L);
    }

    private int readCodes(int r, MemorySegment data, long row) {
        params.moveTo(x, block, r);
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
