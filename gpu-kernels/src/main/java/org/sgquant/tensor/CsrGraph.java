package org.sgquant.tensor;

import java.util.Arrays;

/**
 * Sparsity pattern in compressed sparse row form: row i holds columns {@code colIdx[rowPtr[i] .. rowPtr[i + 1])}.
 *
 * <p>For a graph, row i lists the source nodes whose messages target node i aggregates. Columns of a row ascend.
 * Shape: {@code numRows x numCols} with {@code numEdges} stored entries, fewer than 2^31.
 */
public final class CsrGraph {

    private final int numRows;
    private final int numCols;
    private final IntArray rowPtr;
    private final IntArray colIdx;

    public CsrGraph(int numRows, int numCols, IntArray rowPtr, IntArray colIdx) {
        ShapeException.require(rowPtr.size(), numRows + 1L, "CsrGraph: rowPtr.size must equal numRows + 1");
        this.numRows = numRows;
        this.numCols = numCols;
        this.rowPtr = rowPtr;
        this.colIdx = colIdx;
    }

    /** Copies and checks host arrays: row pointers ascend from 0 to the number of columns listed, columns in range. */
    public static CsrGraph of(Memory memory, int numCols, int[] rowPtr, int[] colIdx) {
        int numRows = rowPtr.length - 1;
        if (numRows < 0 || rowPtr[0] != 0 || rowPtr[numRows] != colIdx.length) {
            throw new ShapeException("CsrGraph: rowPtr must run from 0 to " + colIdx.length + ", got "
                    + (numRows < 0 ? "an empty array" : rowPtr[0] + " to " + rowPtr[numRows]));
        }
        for (int r = 0; r < numRows; r++) {
            if (rowPtr[r] > rowPtr[r + 1]) {
                throw new ShapeException("CsrGraph: rowPtr must not descend, got " + rowPtr[r] + " then "
                        + rowPtr[r + 1] + " at row " + r);
            }
            checkRow(r, numCols, rowPtr, colIdx);
        }
        return new CsrGraph(numRows, numCols, IntArray.of(memory, rowPtr), IntArray.of(memory, colIdx));
    }

    private static void checkRow(int r, int numCols, int[] rowPtr, int[] colIdx) {
        for (int e = rowPtr[r]; e < rowPtr[r + 1]; e++) {
            if (colIdx[e] < 0 || colIdx[e] >= numCols) {
                throw new ShapeException(
                        "CsrGraph: column " + colIdx[e] + " in row " + r + " is outside 0.." + (numCols - 1));
            }
            if (e > rowPtr[r] && colIdx[e - 1] > colIdx[e]) {
                throw new ShapeException("CsrGraph: columns of row " + r + " must ascend, got " + colIdx[e - 1]
                        + " before " + colIdx[e]);
            }
        }
    }

    public int numRows() {
        return numRows;
    }

    public int numCols() {
        return numCols;
    }

    public int numEdges() {
        return colIdx.size();
    }

    public IntArray rowPtr() {
        return rowPtr;
    }

    public IntArray colIdx() {
        return colIdx;
    }

    public int degree(int row) {
        return rowPtr.get(row + 1) - rowPtr.get(row);
    }

    /** Number of stored entries of every row. */
    public int[] degrees() {
        int[] ptr = rowPtr.toArray();
        int[] degrees = new int[numRows];
        Arrays.setAll(degrees, r -> ptr[r + 1] - ptr[r]);
        return degrees;
    }

    public int maxDegree() {
        return Arrays.stream(degrees()).max().orElse(0);
    }

    /** Bytes of row pointers and columns. */
    public long bytes() {
        return rowPtr.bytes() + colIdx.bytes();
    }

    /** A transposed pattern and, for each of its entries, the index of the same entry in the original. */
    public record Transposed(CsrGraph graph, IntArray sourceEdge) {}

    /** Transposes by a stable counting sort, so the columns of each new row ascend. */
    public Transposed transpose(Memory memory) {
        int[] ptr = rowPtr.toArray();
        int[] col = colIdx.toArray();
        int[] newPtr = new int[numCols + 1];
        for (int c : col) {
            newPtr[c + 1]++;
        }
        for (int c = 0; c < numCols; c++) {
            newPtr[c + 1] += newPtr[c];
        }
        int[] next = newPtr.clone();
        int[] newCol = new int[col.length];
        int[] source = new int[col.length];
        for (int r = 0; r < numRows; r++) {
            for (int e = ptr[r]; e < ptr[r + 1]; e++) {
                int slot = next[col[e]]++;
                newCol[slot] = r;
                source[slot] = e;
            }
        }
        CsrGraph graph = new CsrGraph(numCols, numRows, IntArray.of(memory, newPtr), IntArray.of(memory, newCol));
        return new Transposed(graph, IntArray.of(memory, source));
    }

    @Override
    public String toString() {
        return numRows + "x" + numCols + " nnz=" + numEdges();
    }
}
