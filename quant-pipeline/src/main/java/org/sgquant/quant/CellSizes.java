package org.sgquant.quant;

/** How large the cells of a model are under its bits, whether they are there or predicted. */
public interface CellSizes {

    BitAssignment bits();

    /** Values times width of a cell, 32 bits for what stays fp32. */
    long payloadBits(CellShape shape);

    /** Stored bytes of a quantized cell, 0 for one that stays fp32. */
    long storedBytes(CellShape shape);

    /** How a cell is stored: {@code fp32}, {@code dense} codes, or {@code sparse} ones, those that are not 0. */
    String form(Cell cell);
}
