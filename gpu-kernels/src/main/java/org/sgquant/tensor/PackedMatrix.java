package org.sgquant.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * N x F tensor stored as codes: the bits that a {@link QuantScheme} describes, in {@link PackedLayout}.
 *
 * <p>Block b keeps its rows contiguously at {@code data(b)}, {@code stride(b)} bytes from row to row. At least
 * {@link #SLACK} readable bytes follow its last row, so that kernels may load whole vectors from any row.
 * {@code rowCodes(b)} has unsigned bytes of each row: its code with {@link Granularity#ROW_CODE}, or the scales of floats.
 */
public final class PackedMatrix implements PackedTensor {

    /** Readable bytes after the last row of a block: one vector of the widest kind. */
    public static final int SLACK = 64;

    /** Bytes of one entry of the bucket table: row start, width, stride, data address. */
    private static final int TABLE_ENTRY_BYTES = 16;

    private final QuantScheme scheme;
    private final List<MemorySegment> data;
    private final List<MemorySegment> rowCodes;

    private PackedMatrix(QuantScheme scheme, List<MemorySegment> data, List<MemorySegment> rowCodes) {
        this.scheme = scheme;
        this.data = List.copyOf(data);
        this.rowCodes = List.copyOf(rowCodes);
    }

    /** Zeroed codes for {@code scheme}, owned by {@code memory}. */
    public static PackedMatrix allocate(Memory memory, QuantScheme scheme) {
        return view(memory.allocate(allocationBytes(scheme)), scheme);
    }

    /** Codes for {@code scheme} in {@code segment}, block after block, each aligned; nothing is copied. */
    public static PackedMatrix view(MemorySegment segment, QuantScheme scheme) {
        List<MemorySegment> data = new ArrayList<>();
        List<MemorySegment> rowCodes = new ArrayList<>();
        long offset = 0;
        for (QuantScheme.Block block : scheme.blocks()) {
            long bytes = Memory.align(dataBytes(block, scheme.cols()) + SLACK);
            data.add(segment.asSlice(offset, bytes));
            offset += bytes;
            long codes = rowCodeBytes(block.rows(), scheme.cols(), block.bits(), scheme.granularity());
            rowCodes.add(segment.asSlice(offset, codes));
            offset += Memory.align(codes);
        }
        return new PackedMatrix(scheme, data, rowCodes);
    }

    /** Bytes that {@link #view} needs. */
    public static long allocationBytes(QuantScheme scheme) {
        return scheme.blocks().stream()
                .mapToLong(b -> Memory.align(dataBytes(b, scheme.cols()) + SLACK)
                        + Memory.align(rowCodeBytes(b.rows(), scheme.cols(), b.bits(), scheme.granularity())))
                .sum();
    }

    private static long rowCodeBytes(int rows, int cols, BitWidth bits, Granularity granularity) {
        return (long) rows * granularity.rowCodes(bits, cols);
    }

    private static long dataBytes(QuantScheme.Block block, int cols) {
        return (long) block.rows() * PackedLayout.rowStride(block.bits(), cols);
    }

    /** Bytes that {@code scheme} takes when stored: padded codes, row codes, scales and offsets, and a table of blocks. */
    public static long storedBytes(QuantScheme scheme) {
        long bytes = scheme.blocks().stream()
                .mapToLong(b -> storedBytes(b.rows(), scheme.cols(), b.bits(), scheme.granularity()))
                .sum();
        return bytes + tableBytes(scheme.blocks().size());
    }

    /** Bytes of one stored block: padded codes with row codes, scales and offsets. */
    public static long storedBytes(int rows, int cols, BitWidth bits, Granularity granularity) {
        long codes = (long) rows * PackedLayout.rowStride(bits, cols) + rowCodeBytes(rows, cols, bits, granularity);
        return bits.isInteger() ? codes + 2L * Float.BYTES * granularity.scalesPerBlock(rows, cols) : codes;
    }

    /** Bytes of the table that tells the blocks of one matrix apart; a single block needs none. */
    public static long tableBytes(int blocks) {
        return blocks > 1 ? (long) blocks * TABLE_ENTRY_BYTES : 0;
    }

    public QuantScheme scheme() {
        return scheme;
    }

    @Override
    public String name() {
        return scheme.name();
    }

    @Override
    public int rows() {
        return scheme.rows();
    }

    @Override
    public int cols() {
        return scheme.cols();
    }

    @Override
    public long payloadBits() {
        return scheme.payloadBits();
    }

    /** Codes of block {@code b}: {@code rows * stride(b)} bytes and {@link #SLACK} more. */
    public MemorySegment data(int b) {
        return data.get(b);
    }

    /**
     * Codes of the rows of block {@code b}, row after row: an unsigned byte each, or {@link FloatFormat#scales} of them for
     * floats; empty where rows have none.
     */
    public MemorySegment rowCodes(int b) {
        return rowCodes.get(b);
    }

    /** Code of the {@code row}th row of block {@code b} of integers; 1 where rows have none. */
    public int rowCode(int b, int row) {
        return rowCodes.get(b).byteSize() == 0
                ? 1
                : Byte.toUnsignedInt(rowCodes.get(b).get(ValueLayout.JAVA_BYTE, row));
    }

    /** Scale of column {@code c} of the {@code row}th row of block {@code b} of floats. */
    public float floatScale(int b, int row, int c) {
        long at = (long) row * FloatFormat.scales(cols()) + c / FloatFormat.BLOCK;
        return FloatFormat.scale(Byte.toUnsignedInt(rowCodes.get(b).get(ValueLayout.JAVA_BYTE, at)));
    }

    /** Bytes from row to row in block {@code b}. */
    public int stride(int b) {
        return PackedLayout.rowStride(scheme.blocks().get(b).bits(), cols());
    }

    /** Bytes of the codes of block {@code b}, padding of rows included. */
    public long dataBytes(int b) {
        return dataBytes(scheme.blocks().get(b), cols());
    }

    /** {@link #storedBytes(QuantScheme)} of this matrix. */
    @Override
    public long storedBytes() {
        return storedBytes(scheme);
    }

    /** Code at (r, c); slow, for tests and small work. */
    public int code(int r, int c) {
        int b = blockOf(r);
        QuantScheme.Block block = scheme.blocks().get(b);
        return PackedLayout.code(data.get(b), (long) (r - block.rowStart()) * stride(b), block.bits(), cols(), c);
    }

    /** Real value at (r, c): {@code fma(scale, code, offset)}, scale times float, or the float itself; slow, for tests and small work. */
    public float value(int r, int c) {
        int b = blockOf(r);
        QuantScheme.Block block = scheme.blocks().get(b);
        int row = r - block.rowStart();
        if (!block.bits().isPacked()) {
            return PackedLayout.getFloat(data.get(b), (long) row * stride(b), c);
        }
        if (block.bits().isFloat()) {
            return floatScale(b, row, c) * block.bits().format().value(code(r, c));
        }
        int s = scheme.scaleIndex(block, r, c);
        QuantParams params = block.params();
        int factor = rowCode(b, row);
        return Math.fma(
                params.scale().get(0, s) * factor, code(r, c), params.offset().get(0, s) * factor);
    }

    private int blockOf(int r) {
        int b = 0;
        while (r >= scheme.blocks().get(b).rowEnd()) {
            b++;
        }
        return b;
    }
}
