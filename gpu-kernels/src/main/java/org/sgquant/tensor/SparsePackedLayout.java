package org.sgquant.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Where the parts of a {@link SparsePackedMatrix} stand in its one segment; read by Java and by {@code sgq/sparse_rows.cuh}.
 *
 * <p>First the {@link #HEADER_WORDS} words below and two more per block, int32; then, each starting on 4 bytes:
 *
 * <ul>
 *   <li>order: the column at each position, fields of {@code columnBits};
 *   <li>lengths: the bits of each row, fields of {@code lengthBits};
 *   <li>starts: the bit of the stream at which rows 0, 32, 64 ... begin, int32;
 *   <li>scale codes: for {@link Granularity#ROW} with a dictionary the index of each row's scale, for
 *       {@link Granularity#ROW_CODE} the code of each row, fields of {@code scaleBits};
 *   <li>scales, float32: those of the blocks one after another, or for ROW the dictionary or one per row;
 *   <li>stream: the rows' bits.
 * </ul>
 *
 * <p>A row is its codes that are not 0, by ascending position: the gap to the position before, less one, as a Rice code
 * (Rice, 1979: quotient by 2^k in zeros, a one, remainder in k bits), and for widths above 1 the code in that many
 * bits. {@code k} is the least with {@code first[k] <= position} of the first candidate, so it falls along a row.
 *
 * @param first first position of each parameter k of 0 to 15, falling
 * @param scaleBits 0 where scale codes are left out
 */
record SparsePackedLayout(
        int rows,
        int cols,
        Granularity granularity,
        List<Block> blocks,
        int columnBits,
        int lengthBits,
        int scaleBits,
        int scales,
        List<Integer> first,
        long streamBits) {

    /** Rows up to {@code rowEnd}, from those of the block before on, of width {@code bits}. */
    record Block(int rowEnd, BitWidth bits) {}

    /** Rows that share an entry of the starts. */
    static final int GROUP = 32;

    /** Rice parameters: 0 to 15. */
    static final int PARAMETERS = 16;

    /** Words of the header before the blocks. */
    static final int HEADER_WORDS = 15 + PARAMETERS;

    SparsePackedLayout {
        blocks = List.copyOf(blocks);
        first = List.copyOf(first);
    }

    long orderAt() {
        return 4L * (HEADER_WORDS + 2L * blocks.size());
    }

    long lengthsAt() {
        return orderAt() + BitFields.bytes(cols, columnBits);
    }

    long startsAt() {
        return lengthsAt() + BitFields.bytes(rows, lengthBits);
    }

    long scaleCodesAt() {
        return startsAt() + 4L * Math.ceilDiv(rows, GROUP);
    }

    long scalesAt() {
        return scaleCodesAt() + BitFields.bytes(rows, scaleBits);
    }

    long streamAt() {
        return scalesAt() + 4L * scales;
    }

    /** Bytes of everything. */
    long bytes() {
        return streamAt() + BitFields.bytes(streamBits, 1);
    }

    void writeHeader(MemorySegment data) {
        int[] words = {
            rows,
            cols,
            granularityCode(),
            blocks.size(),
            columnBits,
            lengthBits,
            scaleBits,
            scales,
            (int) orderAt(),
            (int) lengthsAt(),
            (int) startsAt(),
            (int) scaleCodesAt(),
            (int) scalesAt(),
            (int) streamAt(),
            Math.toIntExact(bytes())
        };
        int at = 0;
        for (int word : words) {
            data.setAtIndex(ValueLayout.JAVA_INT, at++, word);
        }
        for (int position : first) {
            data.setAtIndex(ValueLayout.JAVA_INT, at++, position);
        }
        for (Block block : blocks) {
            data.setAtIndex(ValueLayout.JAVA_INT, at++, block.rowEnd());
            data.setAtIndex(ValueLayout.JAVA_INT, at++, block.bits().bits());
        }
    }

    /** SGQ_TENSOR and so on. */
    private int granularityCode() {
        return switch (granularity) {
            case TENSOR -> 0;
            case BUCKET -> 1;
            case COLUMN -> 2;
            case ROW -> 3;
            case ROW_CODE -> 4;
        };
    }
}
