package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.PackedLayout;

/**
 * Codes of one row in column order, and the way between them and {@link PackedLayout}.
 *
 * <p>Codes are held as bytes, those of 16 bits as a low and a high byte. Eight codes of a section are one bit deposit
 * or extract away from their packed bits.
 */
final class RowCodes {

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int GROUP = 8;

    private final BitWidth bits;
    private final int cols;
    private final int[] sectionWidth;
    private final int[] sectionOffset;
    private final byte[] low;
    private final byte[] high;
    private final byte[] packed;
    private final int stride;

    RowCodes(BitWidth bits, int cols) {
        this.bits = bits;
        this.cols = cols;
        int sections = bits.sections().size();
        sectionWidth = new int[sections];
        sectionOffset = new int[sections];
        for (int s = 0; s < sections; s++) {
            sectionWidth[s] = bits.sections().get(s);
            sectionOffset[s] = PackedLayout.sectionOffset(bits, cols, s);
        }
        low = new byte[Lanes.padded(cols)];
        high = bits == BitWidth.Q16 ? new byte[Lanes.padded(cols)] : low;
        stride = PackedLayout.rowStride(bits, cols);
        packed = new byte[stride + 2 * GROUP];
    }

    /** Reads the row that starts at byte {@code row} of {@code data}. */
    void load(MemorySegment data, long row) {
        if (sectionWidth[0] == GROUP && sectionWidth.length == 1) {
            MemorySegment.copy(data, JAVA_BYTE, row, low, 0, cols);
        } else if (bits == BitWidth.Q16) {
            MemorySegment.copy(data, JAVA_BYTE, row, high, 0, cols);
            MemorySegment.copy(data, JAVA_BYTE, row + sectionOffset[1], low, 0, cols);
        } else {
            int rest = bits.bits();
            for (int s = 0; s < sectionWidth.length; s++) {
                rest -= sectionWidth[s];
                deposit(data, row + sectionOffset[s], sectionWidth[s], rest, s > 0);
            }
        }
    }

    private void deposit(MemorySegment data, long at, int width, int shift, boolean merge) {
        long mask = laneMask(width) << shift;
        for (int c = 0; c < cols; c += GROUP, at += width) {
            long codes = Long.expand(data.get(LONG, at), mask);
            LONGS.set(low, c, merge ? codes | (long) LONGS.get(low, c) : codes);
        }
    }

    /** Writes the codes as a packed row, padding bits zero, at byte {@code row} of {@code data}. */
    void store(MemorySegment data, long row) {
        for (int c = cols; c % GROUP != 0; c++) {
            low[c] = 0;
            high[c] = 0;
        }
        if (bits == BitWidth.Q16) {
            extract(high, sectionOffset[0], GROUP, 0);
            extract(low, sectionOffset[1], GROUP, 0);
        } else if (sectionWidth.length == 1 && stride <= Long.BYTES) {
            storeWord(data, row);
            return;
        } else {
            int rest = bits.bits();
            for (int s = 0; s < sectionWidth.length; s++) {
                rest -= sectionWidth[s];
                extract(low, sectionOffset[s], sectionWidth[s], rest);
            }
        }
        MemorySegment.copy(packed, 0, data, JAVA_BYTE, row, stride);
    }

    /** Stores a row of one section and of at most a word, which is put together in a register. */
    private void storeWord(MemorySegment data, long row) {
        int width = sectionWidth[0];
        long mask = laneMask(width);
        long word = 0;
        for (int c = 0; c < cols; c += GROUP) {
            word |= Long.compress((long) LONGS.get(low, c), mask) << (c * width);
        }
        switch (stride) {
            case 1 -> data.set(JAVA_BYTE, row, (byte) word);
            case 2 -> data.set(SHORT, row, (short) word);
            case 4 -> data.set(INT, row, (int) word);
            default -> data.set(LONG, row, word);
        }
    }

    /** Each write covers the padding behind its section with zeros; the next section overwrites what is its own. */
    private void extract(byte[] codes, int offset, int width, int shift) {
        long mask = laneMask(width) << shift;
        int at = offset;
        for (int c = 0; c < cols; c += GROUP, at += width) {
            LONGS.set(packed, at, Long.compress((long) LONGS.get(codes, c), mask));
        }
    }

    /** The low {@code width} bits of each of eight bytes. */
    private static long laneMask(int width) {
        return 0x0101010101010101L * ((1 << width) - 1);
    }

    /** Codes of columns c, c + 1, ... as one vector; lanes past the last column hold anything. */
    IntVector get(int c) {
        IntVector codes = Lanes.ints(low, c);
        return bits == BitWidth.Q16 ? codes.or(Lanes.ints(high, c).lanewise(VectorOperators.LSHL, 8)) : codes;
    }

    /** Sets the codes of columns c, c + 1, ... for {@link #store}. */
    void set(int c, IntVector codes) {
        narrow(codes).intoArray(low, c);
        if (bits == BitWidth.Q16) {
            narrow(codes.lanewise(VectorOperators.LSHR, 8)).intoArray(high, c);
        }
    }

    private static ByteVector narrow(IntVector v) {
        return (ByteVector) v.convertShape(VectorOperators.I2B, Lanes.BYTE_QUARTER, 0);
    }
}
