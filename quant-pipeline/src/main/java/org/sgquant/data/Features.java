package org.sgquant.data;

import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.SparseMatrix;

/**
 * Input features X of all nodes, N x F, held sparse iff fewer than 25 % of the values are non-zero and none is negative.
 */
public sealed interface Features permits Features.Sparse, Features.Dense {

    int rows();

    int cols();

    /** Number of values that are not zero. */
    long nonZeros();

    record Sparse(SparseMatrix matrix) implements Features {
        @Override
        public int rows() {
            return matrix.rows();
        }

        @Override
        public int cols() {
            return matrix.cols();
        }

        @Override
        public long nonZeros() {
            return matrix.pattern().numEdges();
        }
    }

    record Dense(FloatMatrix matrix) implements Features {
        @Override
        public int rows() {
            return matrix.rows();
        }

        @Override
        public int cols() {
            return matrix.cols();
        }

        @Override
        public long nonZeros() {
            long count = 0;
            for (int r = 0; r < rows(); r++) {
                for (float v : matrix.row(r)) {
                    count += v == 0 ? 0 : 1;
                }
            }
            return count;
        }
    }
}
