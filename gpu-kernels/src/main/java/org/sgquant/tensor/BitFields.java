package org.sgquant.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Little-endian bit fields: bit i is bit {@code i & 7} of byte {@code i >> 3}, the lowest bit of a field comes first. */
final class BitFields {

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private BitFields() {}

    /** Bits needed for values 0 to {@code max}. */
    static int widthOf(int max) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(max);
    }

    /** Bytes of {@code n} fields of {@code width} bits, in whole words of 4 bytes. */
    static long bytes(long n, int width) {
        return Math.ceilDiv(n * width, 32L) * 4;
    }

    /** Bits {@code bit ..} after byte {@code at} of {@code data}: at least 57 of them; 8 bytes must be readable. */
    static long window(MemorySegment data, long at, long bit) {
        return data.get(LONG, at + (bit >>> 3)) >>> (bit & 7);
    }

    /** Field {@code i} of those of {@code width} bits, at most 32, from byte {@code at} on. */
    static int get(MemorySegment data, long at, long i, int width) {
        return (int) (window(data, at, i * width) & ((1L << width) - 1));
    }

    /** Appends fields one after another. */
    static final class Writer {

        private byte[] bytes = new byte[256];
        private long size;

        /** Bits written so far. */
        long size() {
            return size;
        }

        /** Appends the lowest {@code width} bits of {@code value}. */
        void put(long value, int width) {
            int last = Math.toIntExact((size + width) >>> 3);
            if (last >= bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, last + 1));
            }
            for (int i = 0; i < width; ) {
                int shift = (int) (size & 7);
                int n = Math.min(8 - shift, width - i);
                bytes[(int) (size >>> 3)] |= (byte) (((value >>> i) & ((1 << n) - 1)) << shift);
                size += n;
                i += n;
            }
        }

        void copyTo(MemorySegment data, long at) {
            MemorySegment.copy(bytes, 0, data, ValueLayout.JAVA_BYTE, at, (int) Math.ceilDiv(size, 8L));
        }
    }
}
