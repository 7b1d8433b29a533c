package org.sgquant.data;

import java.util.Arrays;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.SparseMatrix;

/**
 * Features as read, on the heap: row r holds {@code values[ptr[r] .. ptr[r + 1])} at ascending columns {@code col}.
 *
 * <p>A dense table has {@code col == null} and lists every value. Values are finite.
 */
record FeatureTable(int rows, int cols, int[] ptr, int[] col, float[] values) {

    /** Below this share of non-zeros a table is held sparse. */
    private static final double SPARSE_DENSITY = 0.25;

    /** All values in row order. */
    static FeatureTable dense(int rows, int cols, float[] values) {
        int[] ptr = new int[rows + 1];
        Arrays.setAll(ptr, r -> r * cols);
        return new FeatureTable(rows, cols, ptr, null, values);
    }

    /** The values of the arrays {@code prefix + data, indices, indptr, shape}; columns of a row in any order. */
    static FeatureTable sparse(NpzFile npz, String prefix) {
        return sparse(CsrArrays.read(npz, prefix), npz.get(prefix + "data"));
    }

    static FeatureTable sparse(CsrArrays csr, NpyArray data) {
        float[] values =
                data.requireSize(csr.col().length, "one per column index").floats();
        sortRows(csr, values, data);
        return new FeatureTable(csr.rows(), csr.cols(), csr.ptr(), csr.col(), values);
    }

    /** Sorts columns, and values with them, within each row; a column listed twice in a row is an error. */
    private static void sortRows(CsrArrays csr, float[] values, NpyArray data) {
        for (int r = 0; r < csr.rows(); r++) {
            int from = csr.ptr()[r];
            int n = csr.ptr()[r + 1] - from;
            long[] keys = new long[n];
            for (int i = 0; i < n; i++) {
                keys[i] = (long) csr.col()[from + i] << 32 | (Float.floatToRawIntBits(values[from + i]) & 0xFFFFFFFFL);
            }
            Arrays.sort(keys);
            for (int i = 0; i < n; i++) {
                csr.col()[from + i] = (int) (keys[i] >>> 32);
                values[from + i] = Float.intBitsToFloat((int) keys[i]);
                if (i > 0 && csr.col()[from + i] == csr.col()[from + i - 1]) {
                    throw data.errorAt(from + i, "column " + csr.col()[from + i] + " twice in row " + r, "it once");
                }
            }
        }
    }

    /** Row i of the result is row {@code rowOf[i]} of this sparse table followed by {@code below}; -1 gives zeros. */
    FeatureTable stacked(FeatureTable below, int[] rowOf) {
        int[] newPtr = new int[rowOf.length + 1];
        int[] newCol = new int[values.length + below.values.length];
        float[] newValues = new float[newCol.length];
        for (int i = 0; i < rowOf.length; i++) {
            int length = 0;
            if (rowOf[i] >= 0) {
                FeatureTable from = rowOf[i] < rows ? this : below;
                int r = rowOf[i] < rows ? rowOf[i] : rowOf[i] - rows;
                length = from.ptr[r + 1] - from.ptr[r];
                System.arraycopy(from.col, from.ptr[r], newCol, newPtr[i], length);
                System.arraycopy(from.values, from.ptr[r], newValues, newPtr[i], length);
            }
            newPtr[i + 1] = newPtr[i] + length;
        }
        return new FeatureTable(rowOf.length, cols, newPtr, newCol, newValues);
    }

    private int column(int r, int e) {
        return col == null ? e - ptr[r] : col[e];
    }

    /** Divides every row by the sum of its magnitudes, in double; zero rows stay as they are. */
    FeatureTable normalizedRows() {
        float[] scaled = new float[values.length];
        for (int r = 0; r < rows; r++) {
            double sum = 0;
            for (int e = ptr[r]; e < ptr[r + 1]; e++) {
                sum += Math.abs(values[e]);
            }
            for (int e = ptr[r]; e < ptr[r + 1]; e++) {
                scaled[e] = sum == 0 ? 0 : (float) (values[e] / sum);
            }
        }
        return new FeatureTable(rows, cols, ptr, col, scaled);
    }

    /** Copies into {@code memory} in the form that {@link Features} promises; errors name {@code file}. */
    Features store(Memory memory, String file) {
        int nonZeros = 0;
        boolean negative = false;
        for (float v : values) {
            nonZeros += v == 0 ? 0 : 1;
            negative |= v < 0;
        }
        if (!negative && nonZeros < SPARSE_DENSITY * rows * cols) {
            return storeSparse(memory, nonZeros);
        }
        if (FloatMatrix.bytes(rows, cols) > NpyReader.maxArrayBytes()) {
            throw new FormatException(
                    file,
                    "features",
                    rows + " x " + cols + " dense values",
                    "at most " + NpyReader.maxArrayBytes() + " bytes (a larger Java heap allows more)");
        }
        FloatMatrix matrix = FloatMatrix.allocate(memory, rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int e = ptr[r]; e < ptr[r + 1]; e++) {
                matrix.set(r, column(r, e), values[e]);
            }
        }
        return new Features.Dense(matrix);
    }

    private Features storeSparse(Memory memory, int nonZeros) {
        int[] newPtr = new int[rows + 1];
        int[] newCol = new int[nonZeros];
        FloatMatrix kept = FloatMatrix.allocate(memory, 1, nonZeros);
        int n = 0;
        for (int r = 0; r < rows; r++) {
            for (int e = ptr[r]; e < ptr[r + 1]; e++) {
                if (values[e] != 0) {
                    newCol[n] = column(r, e);
                    kept.set(0, n++, values[e]);
                }
            }
            newPtr[r + 1] = n;
        }
        CsrGraph pattern = new CsrGraph(rows, cols, IntArray.of(memory, newPtr), IntArray.of(memory, newCol));
        return new Features.Sparse(new SparseMatrix(pattern, kept));
    }
}
