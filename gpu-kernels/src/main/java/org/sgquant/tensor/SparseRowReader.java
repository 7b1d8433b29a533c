package org.sgquant.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reads rows of a {@link SparsePackedMatrix} in host memory; scratch of one thread, quickest with rows ascending. */
public final class SparseRowReader {

    private final SparsePackedLayout layout;
    private final MemorySegment data;
    private final long orderAt;
    private final long lengthsAt;
    private final long startsAt;
    private final long scaleCodesAt;
    private final long scalesAt;
    private final long streamAt;
    private final int columnBits;
    private final int lengthBits;
    private final int[] first;
    private final int top;
    private final int[] column;
    private final int[] code;
    private final byte[] codeOfColumn;
    private final long[] present;
    private int block;
    private int next = -1;
    private long nextAt;

    public SparseRowReader(SparsePackedMatrix x) {
        layout = x.layout();
        data = x.data();
        orderAt = layout.orderAt();
        lengthsAt = layout.lengthsAt();
        startsAt = layout.startsAt();
        scaleCodesAt = layout.scaleCodesAt();
        scalesAt = layout.scalesAt();
        streamAt = layout.streamAt();
        columnBits = layout.columnBits();
        lengthBits = layout.lengthBits();
        first = layout.first().stream().mapToInt(Integer::intValue).toArray();
        int k = first.length - 1;
        while (k > 0 && first[k - 1] == 0) {
            k--;
        }
        top = k;
        column = new int[layout.cols() + BitPositions.SLACK];
        code = new int[layout.cols()];
        codeOfColumn = new byte[layout.cols()];
        present = new long[Math.ceilDiv(layout.cols(), Long.SIZE)];
    }

    /** Columns of the row read last. */
    public int[] columns() {
        return column;
    }

    /** Codes of the row read last, in the order of {@link #columns}; none is 0. */
    public int[] codes() {
        return code;
    }

    /** Block of the row read last. */
    public int block() {
        return block;
    }

    /** Reads row {@code r} and returns how many codes it has; columns come in the order of storage. */
    public int read(int r) {
        moveToBlock(r);
        long bit = r == next ? nextAt : begin(r);
        long end = bit + BitFields.get(data, lengthsAt, r, lengthBits);
        next = r + 1;
        nextAt = end;
        int codeBits = layout.blocks().get(block).bits().bits();
        int position = 0;
        int k = top;
        int n = 0;
        while (bit < end) {
            while (k > 0 && position >= first[k - 1]) {
                k--;
            }
            // At most 32 bits of the quotient, 15 of the remainder and 8 of the code: within 57.
            long window = BitFields.window(data, streamAt, bit);
            while ((int) window == 0) {
                position += 32 << k;
                bit += 32;
                window = BitFields.window(data, streamAt, bit);
            }
            int quotient = Long.numberOfTrailingZeros(window);
            window >>>= quotient + 1;
            position += (quotient << k) + (int) (window & ((1 << k) - 1));
            bit += quotient + 1 + k;
            code[n] = 1;
            if (codeBits > 1) {
                code[n] = (int) (window >>> k) & ((1 << codeBits) - 1);
                bit += codeBits;
            }
            column[n++] = BitFields.get(data, orderAt, position++, columnBits);
        }
        return n;
    }

    /** Reads row {@code r} as {@link #read} does, columns ascending. */
    public int readAscending(int r) {
        int n = read(r);
        for (int i = 0; i < n; i++) {
            present[column[i] >> 6] |= 1L << column[i];
            codeOfColumn[column[i]] = (byte) code[i];
        }
        n = 0;
        for (int w = 0; w < present.length; w++) {
            n = BitPositions.append(present[w], w * Long.SIZE, column, n);
            present[w] = 0;
        }
        for (int i = 0; i < n; i++) {
            code[i] = codeOfColumn[column[i]] & 0xff;
        }
        return n;
    }

    /** Scale of the row read last at column {@code c}: a value is its scale times its code. */
    public float scale(int c) {
        return switch (layout.granularity()) {
            case TENSOR, BUCKET -> blockScale(block, 0);
            case COLUMN -> blockScale(block, c);
            case ROW -> scaleAt(layout.scaleBits() == 0 ? next - 1 : scaleCode());
            case ROW_CODE -> blockScale(block, 0) * scaleCode();
        };
    }

    /** Code of the row read last, by which its codes are multiplied in sums; 1 where rows have none. */
    public int rowCode() {
        return layout.granularity() == Granularity.ROW_CODE ? scaleCode() : 1;
    }

    private int scaleCode() {
        return BitFields.get(data, scaleCodesAt, next - 1, layout.scaleBits());
    }

    /** Scale {@code i} of block {@code b}, as {@link QuantParams} counts them, where no row has its own. */
    public float blockScale(int b, int i) {
        return scaleAt(b * layout.granularity().scalesPerBlock(0, layout.cols()) + i);
    }

    private float scaleAt(int i) {
        return data.get(ValueLayout.JAVA_FLOAT, scalesAt + 4L * i);
    }

    private long begin(int r) {
        int group = r / SparsePackedLayout.GROUP;
        long bit = data.get(ValueLayout.JAVA_INT, startsAt + 4L * group);
        for (int i = group * SparsePackedLayout.GROUP; i < r; i++) {
            bit += BitFields.get(data, lengthsAt, i, lengthBits);
        }
        return bit;
    }

    private void moveToBlock(int r) {
        if (block > 0 && r < layout.blocks().get(block - 1).rowEnd()) {
            block = 0;
        }
        while (r >= layout.blocks().get(block).rowEnd()) {
            block++;
        }
    }
}
