package org.sgquant.kernels.cpu;

/** Aggregates of a few rows at a time, for a product that follows at once. */
interface RowTile {

    /** Writes the aggregates of rows {@code [first, first + count)} to the first rows of {@code tile}. */
    void rows(int first, int count, float[][] tile);
}
