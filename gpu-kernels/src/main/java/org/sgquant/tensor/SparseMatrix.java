package org.sgquant.tensor;

/**
 * Sparse float32 matrix: a CSR pattern and one value per stored entry.
 *
 * <p>Shapes: {@code pattern} N x F with nnz entries, {@code values} 1 x nnz in the order of {@code pattern.colIdx}.
 */
public record SparseMatrix(CsrGraph pattern, FloatMatrix values) {

    public SparseMatrix {
        values.requireShape(1, pattern.numEdges(), "SparseMatrix: values");
    }

    public int rows() {
        return pattern.numRows();
    }

    public int cols() {
        return pattern.numCols();
    }
}
