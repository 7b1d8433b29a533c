package org.sgquant.kernels;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/**
 * Float32 operations of attention over the edges of a graph, with their gradients.
 *
 * <p>Edge e leads from source {@code j = col(e)} to the target i whose row it is in. Edge values are nnz x H, a row per
 * edge and a column per head; node tensors with heads are N x (H F), head h in columns [h F, (h + 1) F). H F is read
 * off the operands. Fewer than 2^31 edge values. Sums and exponentials: float32 by {@link Exp} on devices, double in the
 * reference, unless said otherwise; a result depends neither on the number of threads nor on whether code is compiled
 * yet. No operand is the output.
 */
public interface AttentionOps {

    /** {@code out_eh = sum over f of a_i,hF+f * b_j,hF+f}. Shapes: graph N x M, a N x HF, b M x HF, out nnz x H. */
    void sddmm(CsrGraph graph, FloatMatrix a, FloatMatrix b, FloatMatrix out);

    /**
     * {@code out_i,hF+f = sum over edges e of row i of w_eh * x_j,hF+f}, edges ascending, one fma chain.
     *
     * <p>Shapes: graph N x M, w nnz x H, x M x HF, out N x HF.
     */
    void spmmHeads(CsrGraph graph, FloatMatrix w, FloatMatrix x, FloatMatrix out);

    /** {@code out_eh = target_ih + source_jh}. Shapes: graph N x M, target N x H, source M x H, out nnz x H. */
    void edgeScores(CsrGraph graph, FloatMatrix target, FloatMatrix source, FloatMatrix out);

    /** {@code out_ih = sum over edges e of row i of w_eh}, edges ascending. Shapes: w nnz x H, out N x H. */
    void sumEdges(CsrGraph graph, FloatMatrix w, FloatMatrix out);

    /**
     * {@code out_eh = exp(s_eh - m) / sum over edges d of row i of exp(s_dh - m)}, m the maximum over these edges.
     *
     * <p>Shapes: s and out nnz x H. Numerics: edges ascending, the same bits on every backend but the reference.
     */
    void softmaxEdges(CsrGraph graph, FloatMatrix s, FloatMatrix out);

    /**
     * {@code gradS_eh = y_eh (gradY_eh - sum over edges d of row i of y_dh gradY_dh)}, y the output of
     * {@link #softmaxEdges}. Shapes: all nnz x H.
     */
    void softmaxEdgesBackward(CsrGraph graph, FloatMatrix y, FloatMatrix gradY, FloatMatrix gradS);

    /** {@code out_i = x_index(i)}, whole rows. Shapes: x any x F, index n, out n x F. */
    void gatherRows(FloatMatrix x, IntArray index, FloatMatrix out);

    /** {@code out = x > 0 ? x : slope * x}. Source: Maas et al., ICML 2013. */
    void leakyRelu(FloatMatrix x, float slope, FloatMatrix out);

    /** {@code gradX = y > 0 ? gradY : slope * gradY}, y the output of {@link #leakyRelu}; slope at least 0. */
    void leakyReluBackward(FloatMatrix y, float slope, FloatMatrix gradY, FloatMatrix gradX);

    /** {@code out = x > 0 ? x : exp(x) - 1}, {@link Exp} on every backend. Source: Clevert et al., ICLR 2016. */
    void elu(FloatMatrix x, FloatMatrix out);

    /** {@code gradX = y > 0 ? gradY : gradY * (y + 1)}, y the output of {@link #elu}. */
    void eluBackward(FloatMatrix y, FloatMatrix gradY, FloatMatrix gradX);

    /**
     * {@code out_i = x_i / sqrt(sum over f of x_if^2)}, a row of zeros stays zero. Shapes: N x F.
     *
     * <p>Numerics: the sum is one fma chain in float32, f ascending, on every backend: the same bits everywhere.
     */
    void normalizeRows(FloatMatrix x, FloatMatrix out);

    /**
     * {@code gradX_i = (gradY_i - y_i sum over f of y_if gradY_if) / |x_i|} with {@code y = x_i / |x_i|}; zero where
     * x_i is. Shapes: all N x F. Numerics as {@link #normalizeRows}.
     */
    void normalizeRowsBackward(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradX);

    /**
     * {@code out_hF+f,h = a_hf}, else 0: the matrix with which a product takes each head's dot product with its vector.
     * Shapes: a H x F, out HF x H.
     */
    void spreadHeads(FloatMatrix a, FloatMatrix out);

    /** {@code out_hf = x_hF+f,h}: the gradient of {@link #spreadHeads}. Shapes: x HF x H, out H x F. */
    void collectHeads(FloatMatrix x, FloatMatrix out);
}
