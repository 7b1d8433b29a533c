package org.sgquant.kernels;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.SparsePackedMatrix;

/**
 * Products of sparse packed matrices, whose rows are decoded as they are read: no dense matrix comes into being.
 *
 * <p>The results have the bits of {@link PackedOps} on the dense form, on every backend and at any number of threads:
 * the terms left out there have a factor of 0. Finite operands are assumed.
 */
public interface SparsePackedOps {

    /**
     * {@code c = unpack(a) w} in float32.
     *
     * <p>Shapes: a N x K, w K x F, c N x F. Numerics: one chain {@code acc = fma(scale * code, w_k, acc)} from 0 over
     * the codes that are not 0, k ascending.
     */
    void gemm(SparsePackedMatrix a, FloatMatrix w, FloatMatrix c);

    /**
     * {@code out_i = sum over edges e of row i of x_col(e)}, summed as integers.
     *
     * <p>Shapes: graph N x M, x M x F, out N x F. Numerics: per block of x ascending {@code acc = fma(scale, (float) sum
     * of codes, acc)} from 0; sums of codes, each times its row's code where rows have one, are exact.
     *
     * @throws IllegalArgumentException where rows have scales of their own
     */
    void spmm(CsrGraph graph, SparsePackedMatrix x, FloatMatrix out);

    /**
     * {@code out = diag(rowScale) aggregate(x) w}, aggregate-first row by row: the N x K aggregate never exists.
     *
     * <p>Shapes: graph N x M, x M x K, rowScale 1 x N or null for 1, w K x F, out N x F. Numerics: those of
     * {@link #spmm}, then {@code rowScale_i * acc}, then one chain {@code fma(t, w_k, acc)} from 0 over the columns
     * that some neighbour has, k ascending.
     *
     * @throws IllegalArgumentException where rows have scales of their own
     */
    void spmmGemm(CsrGraph graph, SparsePackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out);
}
