package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;

/**
 * Products of dense float32 matrices, in training and evaluation in fp32 only: packed inference, whose bits must agree
 * everywhere, has {@link PackedOps#gemm}. So a library may take their place.
 */
public interface DenseOps {

    /**
     * {@code c = op(a) op(b)}, op being the transpose where the flag says so.
     *
     * <p>Shapes: op(a) m x k, op(b) k x n, c m x n; c overlaps neither. Numerics: each output is one chain
     * {@code acc = fma(a, b, acc)} from 0 with k ascending, the same bits on every backend but the reference, which
     * accumulates in double, and but for products with a transposed on a CUDA device, which serve gradients only: there
     * k may be taken in chunks, each such a chain, whose sums are added in order. A library adds in an order of its own.
     */
    void gemm(FloatMatrix a, boolean transposeA, FloatMatrix b, boolean transposeB, FloatMatrix c);
}
