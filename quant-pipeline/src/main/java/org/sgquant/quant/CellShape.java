package org.sgquant.quant;

/** A cell with the shape of its tensor; attention is one row with a column per edge. */
public record CellShape(Cell cell, int rows, int cols) {

    public long values() {
        return (long) rows * cols;
    }
}
