package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.PackedLayout;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme.Block;

/**
 * Exact sums of the codes of gathered rows of one block, without unpacking a code to a number of its own.
 *
 * <p>A tile of codes is spread to byte lanes in column order (8-bit codes to short lanes) and added lane by lane over
 * as many edges as cannot overflow a lane: 255 for 1 bit, 85 for 2, 17 for 4, 257 for 8. Then the lanes are added to
 * int32 sums, shifted to the place of their section in the code.
 */
final class SectionSums {

    private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ORDER);

    /** Edges whose largest codes just fit a byte lane: {@code 255 / (2^w - 1)}. */
    private static final int EDGES_1 = 255;

    private static final int EDGES_2 = 85;
    private static final int EDGES_4 = 17;

    /** Edges of 8-bit codes that just fit a short lane: {@code 65535 / 255}. */
    private static final int EDGES_8 = 257;

    private final MemorySegment sources;
    private final int cols;
    private final int[] sums;
    private final byte[] bytes = new byte[2 * Lanes.BYTES];
    private final short[] shorts = new short[2 * Lanes.BYTES];

    /** Adds into {@code sums}, which has {@link Lanes#padded} entries, the rows that {@code sources} names. */
    SectionSums(IntArray sources, int cols, int[] sums) {
        this.sources = sources.data();
        this.cols = cols;
        this.sums = sums;
    }

    /** {@code sums += codes of the source rows of edges [from, to)}, all of which lie in block {@code b} of x. */
    void add(PackedMatrix x, int b, int from, int to) {
        Block block = x.scheme().blocks().get(b);
        long stride = x.stride(b);
        int shift = block.bits().bits();
        for (int s = 0; s < block.bits().sections().size(); s++) {
            int width = block.bits().sections().get(s);
            shift -= width;
            long base = PackedLayout.sectionOffset(block.bits(), cols, s) - block.rowStart() * stride;
            long tileBytes = Lanes.BYTES / 8L * width;
            for (int c = 0; c < cols; c += Lanes.BYTES, base += tileBytes) {
                switch (width) {
                    case 1 -> add1(x.data(b), base, stride, from, to, c, shift);
                    case 2 -> add2(x.data(b), base, stride, from, to, c, shift);
                    case 4 -> add4(x.data(b), base, stride, from, to, c, shift);
                    default -> add8(x.data(b), base, stride, from, to, c, shift);
                }
            }
        }
    }

    private void add1(MemorySegment data, long base, long stride, int from, int to, int c, int shift) {
        for (int e = from; e < to; ) {
            int stop = Math.min(to - e, EDGES_1) + e;
            ByteVector acc = ByteVector.zero(Lanes.BYTE);
            for (; e < stop; e++) {
                long row = data.get(LONG, base + source(e) * stride);
                acc = acc.add((byte) 1, VectorMask.fromLong(Lanes.BYTE, row));
            }
            flush(acc, c, shift);
        }
    }

    private void add2(MemorySegment data, long base, long stride, int from, int to, int c, int shift) {
        for (int e = from; e < to; ) {
            int stop = Math.min(to - e, EDGES_2) + e;
            ByteVector acc = ByteVector.zero(Lanes.BYTE);
            for (; e < stop; e++) {
                long at = base + source(e) * stride;
                IntVector v = Lanes.ints(ByteVector.fromMemorySegment(Lanes.BYTE_QUARTER, data, at, ORDER));
                v = v.or(v.lanewise(LSHL, 12)).and(0x000f000f);
                v = v.or(v.lanewise(LSHL, 6)).and(0x03030303);
                acc = acc.add(v.reinterpretAsBytes());
            }
            flush(acc, c, shift);
        }
    }

    private void add4(MemorySegment data, long base, long stride, int from, int to, int c, int shift) {
        for (int e = from; e < to; ) {
            int stop = Math.min(to - e, EDGES_4) + e;
            ByteVector acc = ByteVector.zero(Lanes.BYTE);
            for (; e < stop; e++) {
                long at = base + source(e) * stride;
                ShortVector v = Lanes.shorts(ByteVector.fromMemorySegment(Lanes.BYTE_HALF, data, at, ORDER));
                v = v.or(v.lanewise(LSHL, 4)).and((short) 0x0f0f);
                acc = acc.add(v.reinterpretAsBytes());
            }
            flush(acc, c, shift);
        }
    }

    private void add8(MemorySegment data, long base, long stride, int from, int to, int c, int shift) {
        int half = Lanes.BYTES / 2;
        for (int e = from; e < to; ) {
            int stop = Math.min(to - e, EDGES_8) + e;
            ShortVector left = ShortVector.zero(Lanes.SHORT);
            ShortVector right = ShortVector.zero(Lanes.SHORT);
            for (; e < stop; e++) {
                long at = base + source(e) * stride;
                left = left.add(Lanes.shorts(ByteVector.fromMemorySegment(Lanes.BYTE_HALF, data, at, ORDER)));
                right = right.add(Lanes.shorts(ByteVector.fromMemorySegment(Lanes.BYTE_HALF, data, at + half, ORDER)));
            }
            left.intoArray(shorts, 0);
            right.intoArray(shorts, half);
            for (int i = 0; i < Math.min(Lanes.BYTES, cols - c); i += Lanes.FLOATS) {
                addTo(c + i, Lanes.ints(shorts, i), shift);
            }
        }
    }

    private int source(int e) {
        return sources.get(JAVA_INT, 4L * e);
    }

    private void flush(ByteVector lanes, int c, int shift) {
        lanes.intoArray(bytes, 0);
        for (int i = 0; i < Math.min(Lanes.BYTES, cols - c); i += Lanes.FLOATS) {
            addTo(c + i, Lanes.ints(bytes, i), shift);
        }
    }

    private void addTo(int c, IntVector counts, int shift) {
        IntVector.fromArray(Lanes.INT, sums, c)
                .add(counts.lanewise(LSHL, shift))
                .intoArray(sums, c);
    }
}
