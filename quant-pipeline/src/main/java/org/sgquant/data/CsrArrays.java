package org.sgquant.data;

/** Checked compressed rows from an npz file: row r lists columns {@code col[ptr[r] .. ptr[r + 1])}, in range. */
record CsrArrays(int rows, int cols, int[] ptr, int[] col) {

    /** More columns than any feature set has; keeps a damaged shape from asking for gigabytes later. */
    private static final int MAX_COLUMNS = 1 << 24;

    /** Reads the arrays {@code prefix + indptr, indices, shape}. */
    static CsrArrays read(NpzFile npz, String prefix) {
        NpyArray indptr = npz.get(prefix + "indptr");
        int cols = columns(npz.get(prefix + "shape"), indptr.size() - 1);
        return of(indptr, npz.get(prefix + "indices"), cols);
    }

    static CsrArrays of(NpyArray indptr, NpyArray indices, int cols) {
        if (cols > MAX_COLUMNS) {
            throw indices.error("a matrix of " + cols + " columns", "at most " + MAX_COLUMNS);
        }
        indices.requireRank(1);
        indptr.requireRank(1);
        if (indptr.size() == 0) {
            throw indptr.error("no values", "one more than rows");
        }
        int[] ptr = indptr.ints(0, indices.size());
        int rows = ptr.length - 1;
        for (int r = 0; r < rows; r++) {
            if (ptr[r] > ptr[r + 1]) {
                throw indptr.errorAt(r + 1, Integer.toString(ptr[r + 1]), "at least " + ptr[r]);
            }
        }
        if (ptr[0] != 0 || ptr[rows] != indices.size()) {
            throw indptr.error(ptr[0] + " to " + ptr[rows], "0 to " + indices.size());
        }
        return new CsrArrays(rows, cols, ptr, indices.ints(0, cols - 1));
    }

    /** Some published copies state the shape of the transposed matrix, so either side may be the number of rows. */
    private static int columns(NpyArray shape, int rows) {
        int[] sides = shape.requireRank(1).requireSize(2, "rows and columns").ints(0, Integer.MAX_VALUE);
        if (sides[0] != rows && sides[1] != rows) {
            throw shape.error(sides[0] + " x " + sides[1], rows + " rows, as many as indptr has");
        }
        return sides[0] == rows ? sides[1] : sides[0];
    }
}
