package org.sgquant.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * How an N x F tensor is quantized: contiguous row blocks (degree buckets), each with a width and its scales.
 *
 * <p>Scale and offset of a row of {@link Granularity#ROW_CODE} are those of its block times the row's code, each product
 * rounded to float ({@link RowScale}).
 *
 * <p>In binary32 with IEEE division: {@code u = rint(min(max((x - offset) / scale, 0), 2^q - 1))} and
 * {@code x' = fma(scale, u, offset)}; a block of {@link BitWidth#FP32} is left as it is, and one of floats
 * ({@link FloatFormat}) takes a scale per row and 32 columns from the row, whatever the granularity. Shared by fake
 * quantization and packing, so both give the same numbers. {@code name} is the cell's, such as {@code L1.message}, for
 * messages.
 */
public record QuantScheme(String name, int cols, Granularity granularity, Rounding rounding, List<Block> blocks) {

    /** The largest product of two codes of 8 bits, the right one less half their number. */
    private static final int MOST_PRODUCT = 255 * 128;

    /** Rows {@code [rowStart, rowEnd)} at one width; {@code params} holds what {@link Granularity} asks for. */
    public record Block(int rowStart, int rowEnd, BitWidth bits, QuantParams params) {
        public int rows() {
            return rowEnd - rowStart;
        }
    }

    public QuantScheme {
        blocks = List.copyOf(blocks);
        int next = 0;
        for (Block block : blocks) {
            ShapeException.require(block.rowStart(), next, "QuantScheme " + name + ": blocks must be contiguous");
            ShapeException.require(
                    block.params().scale().cols(),
                    granularity.scalesPerBlock(block.rows(), cols),
                    "QuantScheme " + name + ": scales of a block, granularity " + granularity);
            next = block.rowEnd();
        }
    }

    /**
     * Scheme with uncalibrated scales in {@code memory}: block b covers rows {@code [bounds[b], bounds[b + 1])} at
     * {@code bits.get(b)}.
     */
    public static QuantScheme create(
            Memory memory,
            String name,
            int[] bounds,
            int cols,
            List<BitWidth> bits,
            Granularity granularity,
            Rounding rounding) {
        ShapeException.require(bits.size(), bounds.length - 1L, "QuantScheme " + name + ": widths, one per block");
        List<Block> blocks = new ArrayList<>();
        for (int b = 0; b < bits.size(); b++) {
            int n = granularity.scalesPerBlock(bounds[b + 1] - bounds[b], cols);
            blocks.add(new Block(bounds[b], bounds[b + 1], bits.get(b), QuantParams.allocate(memory, n)));
        }
        return new QuantScheme(name, cols, granularity, rounding, blocks);
    }

    /** Scheme of one block over all rows. */
    public static QuantScheme uniform(
            Memory memory, String name, int rows, int cols, BitWidth bits, Granularity granularity) {
        return create(memory, name, new int[] {0, rows}, cols, List.of(bits), granularity, Rounding.NEAREST);
    }

    public int rows() {
        return blocks.isEmpty() ? 0 : blocks.get(blocks.size() - 1).rowEnd();
    }

    /** Whether every block stores codes. */
    public boolean isPacked() {
        return blocks.stream().allMatch(b -> b.bits().isPacked());
    }

    /** Whether sums of this tensor over neighbours are sums of integers, those of every block. */
    public boolean hasIntegerSum() {
        return blocks.stream().allMatch(this::hasIntegerSum);
    }

    /** Whether sums of rows of {@code block} are sums of integers: its codes are, and no scale is of a single row. */
    public boolean hasIntegerSum(Block block) {
        return block.bits().isInteger() && granularity != Granularity.ROW;
    }

    /** Whether a block has codes of its rows: see {@link PackedMatrix#rowCodes}. */
    public boolean hasRowCodes() {
        return blocks.stream().anyMatch(b -> granularity.rowCodes(b.bits(), cols) > 0);
    }

    /**
     * Whether products of this tensor, N x K, with {@code right}, K x F, are made of integers: codes of at most 8 bits, none
     * of this tensor's scales belonging to a column, none of {@code right}'s to rows, and sums of products within 32 bits.
     */
    public boolean hasIntegerProduct(QuantScheme right) {
        boolean leftRows = blocks.stream().allMatch(b -> b.bits().isByte()) && granularity != Granularity.COLUMN;
        boolean rightColumns = right.blocks.size() == 1
                && right.blocks.get(0).bits().isByte()
                && right.granularity != Granularity.ROW
                && right.granularity != Granularity.ROW_CODE;
        return leftRows && rightColumns && (long) cols * MOST_PRODUCT <= Integer.MAX_VALUE;
    }

    /** Index of the scale of row {@code r} of the tensor and column {@code c} among those of {@code block}. */
    public int scaleIndex(Block block, int r, int c) {
        return switch (granularity) {
            case TENSOR, BUCKET, ROW_CODE -> 0;
            case COLUMN -> c;
            case ROW -> r - block.rowStart();
        };
    }

    /** Values times width, over all blocks. */
    public long payloadBits() {
        return blocks.stream()
                .mapToLong(b -> (long) b.rows() * cols * b.bits().bits())
                .sum();
    }
}
