package org.sgquant.nd4j;

import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.tensor.FloatMatrix;

/** What products by ND4J check first, and the products that leave ND4J nothing to do. */
abstract class Nd4jDenseOps implements DenseOps {

    /**
     * See {@link DenseOps#gemm}.
     *
     * @throws IllegalStateException naming the operand whose memory is closed
     */
    @Override
    public final void gemm(FloatMatrix a, boolean transposeA, FloatMatrix b, boolean transposeB, FloatMatrix c) {
        FloatShapes.requireGemm(a, transposeA, b, transposeB, c);
        requireOpen(a, "gemm by nd4j: a");
        requireOpen(b, "gemm by nd4j: b");
        requireOpen(c, "gemm by nd4j: c");
        int depth = transposeA ? a.rows() : a.cols();
        if (c.rows() == 0 || c.cols() == 0) {
            return;
        }
        if (depth == 0) {
            c.data().asSlice(0, c.bytes()).fill((byte) 0);
            return;
        }
        multiply(a, transposeA, b, transposeB, c, depth);
    }

    /** {@link #gemm} of checked operands none of which is empty; depth is the number of columns of op(a). */
    abstract void multiply(
            FloatMatrix a, boolean transposeA, FloatMatrix b, boolean transposeB, FloatMatrix c, int depth);

    /** ND4J is given an address and cannot notice; {@code what} names the call and the matrix. */
    static void requireOpen(FloatMatrix matrix, String what) {
        if (!matrix.data().scope().isAlive()) {
            throw new IllegalStateException(what + ", " + matrix + ", lies in memory that is closed");
        }
    }
}
