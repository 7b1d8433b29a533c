package org.sgquant.kernels;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** Products of a CSR matrix and a dense float32 matrix: aggregation in training, and X W for sparse features. */
public interface SparseOps {

    /**
     * {@code out_i = sum over edges e of row i of values_e * x_col(e)}; without {@code values} each edge weighs 1.
     *
     * <p>Shapes: graph N x M, values 1 x nnz or null, x M x F, out N x F. Numerics: edges ascending,
     * {@code acc = fma(value, x, acc)} or {@code acc + x} from 0; a row without edges gives 0. The transpose product
     * is this one on {@link CsrGraph#transpose}. The reference accumulates in double.
     */
    void spmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out);

    /** {@code out_i = values_index(i)}: reorders edge values for a transposed graph. Shapes: all 1 x nnz. */
    void gather(FloatMatrix values, IntArray index, FloatMatrix out);
}
