package org.sgquant.quant;

/**
 * What one cell holds: values, bits of their codes, and bytes stored for it.
 *
 * @param cell as {@code L1.message}
 * @param bits of the codes alone; 32 per value where the cell is left at fp32
 * @param storedBytes with padding, scales and offsets; 4 per value where the cell is left at fp32
 */
public record CellCount(String cell, long values, long bits, long storedBytes) {

    static CellCount of(CellShape shape, QuantizedCells cells) {
        long fp32 = cells.bits().isFp32(shape.cell()) ? 4 * shape.values() : 0;
        return new CellCount(
                shape.cell().toString(), shape.values(), cells.payloadBits(shape), cells.storedBytes(shape) + fp32);
    }
}
