package org.sgquant.tensor;

/** N x F tensor stored as codes: every code in its place, or only those that are not 0. */
public sealed interface PackedTensor permits PackedMatrix, SparsePackedMatrix {

    /** Name of the cell, such as {@code L1.embedding}. */
    String name();

    int rows();

    int cols();

    /** Values times width, whatever is really stored. */
    long payloadBits();

    /** Bytes stored: codes with padding or positions, scales and offsets, tables. */
    long storedBytes();
}
