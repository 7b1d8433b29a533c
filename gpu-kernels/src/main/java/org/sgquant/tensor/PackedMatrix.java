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
 */
public final class PackedMatrix {

    /** Readable bytes after the last row of a block: one vector of the widest kind. */
    public static final int SLACK = 64;

    /** Bytes of one entry of the bucket table: row start, width, stride, data address. */
    private static final int TABLE_ENTRY_BYTES = 16;

    private final QuantScheme scheme;
    private final List<MemorySegment> data;

    private PackedMatrix(QuantScheme scheme, List<MemorySegment> data) {
        this.scheme = scheme;
        this.data = List.copyOf(data);
    }

    /** Zeroed codes for {@code scheme}, owned by {@code memory}. */
    public static PackedMatrix allocate(Memory memory, QuantScheme scheme) {
        List<MemorySegment> data = new ArrayList<>();
        for (QuantScheme.Block block : scheme.blocks()) {
            data.add(memory.allocate(dataBytes(block, scheme.cols()) + SLACK));
        }
        return new PackedMatrix(scheme, data);
    }

    private static long dataBytes(QuantScheme.Block block, int cols) {
        return (long) block.rows() * PackedLayout.rowStride(block.bits(), cols);
    }

    /** Bytes that {@code scheme} takes when stored: padded codes, scales and offsets, and a table of its blocks. */
    public static long storedBytes(QuantScheme scheme) {
        long bytes = 0;
        for (QuantScheme.Block block : scheme.blocks()) {
            bytes += dataBytes(block, scheme.cols());
            bytes += block.bits().isPacked() ? block.params().bytes() : 0;
        }
        return bytes + (scheme.blocks().size() > 1 ? (long) scheme.blocks().size() * TABLE_ENTRY_BYTES : 0);
    }

    public QuantScheme scheme() {
        return scheme;
    }

    public int rows() {
        return scheme.rows();
    }

    public int cols() {
        return scheme.cols();
    }

    /** Codes of block {@code b}: {@code rows * stride(b)} bytes and {@link #SLACK} more. */
    public MemorySegment data(int b) {
        return data.get(b);
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
    public long storedBytes() {
        return storedBytes(scheme);
    }

    /** Code at (r, c); slow, for tests and small work. */
    public int code(int r, int c) {
        int b = blockOf(r);
        QuantScheme.Block block = scheme.blocks().get(b);
        return PackedLayout.code(data.get(b), (long) (r - block.rowStart()) * stride(b), block.bits(), cols(), c);
    }

    /** Real value at (r, c), {@code fma(scale, code, offset)} or the float itself; slow, for tests and small work. */
    public float value(int r, int c) {
        int b = blockOf(r);
        QuantScheme.Block block = scheme.blocks().get(b);
        int row = r - block.rowStart();
        if (!block.bits().isPacked()) {
            return data.get(b).get(ValueLayout.JAVA_FLOAT_UNALIGNED, (long) row * stride(b) + 4L * c);
        }
        int s = switch (scheme.granularity()) {
            case TENSOR, BUCKET -> 0;
            case COLUMN -> c;
            case ROW -> row;
        };
        QuantParams params = block.params();
        return Math.fma(params.scale().get(0, s), code(r, c), params.offset().get(0, s));
    }

    private int blockOf(int r) {
        int b = 0;
        while (r >= scheme.blocks().get(b).rowEnd()) {
            b++;
        }
        return b;
    }
}
