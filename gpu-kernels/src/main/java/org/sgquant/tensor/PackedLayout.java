package org.sgquant.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where the code of column j of a packed row stands; the one layout shared by pack, unpack, CPU, CUDA and the file.
 *
 * <p>A row is its sections one after another, widest first, each starting on 4 bytes. In a section of width w, value j
 * takes bits {@code [j*w, (j+1)*w)}, little-endian, so a code never straddles a byte. The row stride is 1, 2, 4 or 8
 * bytes for payloads up to 8 bytes, else a multiple of 16. {@link BitWidth#FP32} rows hold plain floats.
 */
public final class PackedLayout {

    /** Payload of a row with room for the padding of three sections and of the row. */
    private static final int MOST_BYTES = Integer.MAX_VALUE - 64;

    private PackedLayout() {}

    /** Bytes that a section of width {@code w} needs for {@code cols} values. */
    public static int sectionBytes(int w, int cols) {
        return Math.toIntExact(Math.ceilDiv((long) cols * w, 8));
    }

    /** Byte offset within the row of section {@code s}. */
    public static int sectionOffset(BitWidth bits, int cols, int s) {
        int offset = 0;
        for (int i = 0; i < s; i++) {
            offset += Math.ceilDiv(sectionBytes(bits.sections().get(i), cols), 4) * 4;
        }
        return offset;
    }

    /**
     * Bytes of a row before it is padded to the stride.
     *
     * @throws ShapeException where they, padded, are 2^31 or more
     */
    public static int payloadBytes(BitWidth bits, int cols) {
        if ((long) cols * bits.bits() > 8L * MOST_BYTES) {
            throw new ShapeException(
                    "packed row: got " + cols + " columns of " + bits.bits() + " bits, expected less than 2^31 bytes");
        }
        int last = bits.sections().size() - 1;
        return sectionOffset(bits, cols, last) + sectionBytes(bits.sections().get(last), cols);
    }

    /** Bytes from one row to the next. */
    public static int rowStride(BitWidth bits, int cols) {
        int payload = payloadBytes(bits, cols);
        if (payload <= 8) {
            return payload <= 1 ? 1 : payload <= 2 ? 2 : payload <= 4 ? 4 : 8;
        }
        return Math.ceilDiv(payload, 16) * 16;
    }

    /** Reads the code of column {@code c} of the row that starts at byte {@code rowOffset} of {@code data}. */
    public static int code(MemorySegment data, long rowOffset, BitWidth bits, int cols, int c) {
        int code = 0;
        int offset = 0;
        for (int w : bits.sections()) {
            long bit = (long) c * w;
            int b = data.get(ValueLayout.JAVA_BYTE, rowOffset + offset + (bit >>> 3)) & 0xff;
            code = (code << w) | ((b >>> (int) (bit & 7)) & ((1 << w) - 1));
            offset += Math.ceilDiv(sectionBytes(w, cols), 4) * 4;
        }
        return code;
    }

    /** Writes {@code code} into column {@code c} of the row that starts at byte {@code rowOffset} of {@code data}. */
    public static void setCode(MemorySegment data, long rowOffset, BitWidth bits, int cols, int c, int code) {
        int rest = bits.bits();
        int offset = 0;
        for (int w : bits.sections()) {
            rest -= w;
            int part = (code >>> rest) & ((1 << w) - 1);
            long bit = (long) c * w;
            int shift = (int) (bit & 7);
            long at = rowOffset + offset + (bit >>> 3);
            int mask = ((1 << w) - 1) << shift;
            int b = (data.get(ValueLayout.JAVA_BYTE, at) & ~mask) | (part << shift);
            data.set(ValueLayout.JAVA_BYTE, at, (byte) b);
            offset += Math.ceilDiv(sectionBytes(w, cols), 4) * 4;
        }
    }

    /** Reads column {@code c} of a row of floats, the layout of {@link BitWidth#FP32}. */
    public static float getFloat(MemorySegment data, long rowOffset, int c) {
        return data.get(ValueLayout.JAVA_FLOAT_UNALIGNED, rowOffset + (long) c * Float.BYTES);
    }

    /** Writes column {@code c} of a row of floats, the layout of {@link BitWidth#FP32}. */
    public static void setFloat(MemorySegment data, long rowOffset, int c, float value) {
        data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, rowOffset + (long) c * Float.BYTES, value);
    }
}
