package org.sgquant.tensor;

import java.lang.foreign.MemorySegment;

/**
 * N x F tensor of which only the codes that are not 0 are stored, for matrices that 0 dominates: bags of words take less
 * than a bit per value, without loss.
 *
 * <p>Made from a {@link PackedMatrix} of offset 0 and turned back by {@link SparsePacker}, read by
 * {@link SparseRowReader}.
 * All of it, scales included, is one segment in {@link SparsePackedLayout}: {@link #storedBytes} long, so that copying
 * it to a device or into a file is one copy. Scales per row are kept as a dictionary where few of them differ.
 */
public final class SparsePackedMatrix implements PackedTensor {

    private final String name;
    private final SparsePackedLayout layout;
    private final MemorySegment data;

    SparsePackedMatrix(String name, SparsePackedLayout layout, MemorySegment data) {
        this.name = name;
        this.layout = layout;
        this.data = data;
    }

    /** Bytes to allocate: those stored, and {@link PackedMatrix#SLACK} more that a reader may look at. */
    static long allocationBytes(SparsePackedLayout layout) {
        return layout.bytes() + PackedMatrix.SLACK;
    }

    /** The same matrix with its bytes elsewhere; {@code copy} is of {@link #allocationBytes()} and is filled by the caller. */
    public SparsePackedMatrix at(MemorySegment copy) {
        return new SparsePackedMatrix(name, layout, copy);
    }

    public long allocationBytes() {
        return allocationBytes(layout);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int rows() {
        return layout.rows();
    }

    @Override
    public int cols() {
        return layout.cols();
    }

    public Granularity granularity() {
        return layout.granularity();
    }

    /** Number of blocks, each of one width. */
    public int blocks() {
        return layout.blocks().size();
    }

    /** First row after block {@code b}. */
    public int rowEnd(int b) {
        return layout.blocks().get(b).rowEnd();
    }

    /** Width of the codes of block {@code b}. */
    public BitWidth bits(int b) {
        return layout.blocks().get(b).bits();
    }

    /** Whether sums over neighbours are sums of integers: no scale of a single row. */
    public boolean hasIntegerSum() {
        return granularity() != Granularity.ROW;
    }

    SparsePackedLayout layout() {
        return layout;
    }

    public MemorySegment data() {
        return data;
    }

    @Override
    public long payloadBits() {
        long bits = 0;
        int from = 0;
        for (SparsePackedLayout.Block block : layout.blocks()) {
            bits += (long) (block.rowEnd() - from) * cols() * block.bits().bits();
            from = block.rowEnd();
        }
        return bits;
    }

    @Override
    public long storedBytes() {
        return layout.bytes();
    }
}
