package org.sgquant.kernels;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/**
 * Attention in packed inference: scores, softmax over the edges of a row, codes of the attention, and the sum of the
 * packed messages weighted by these codes, in one pass over each row.
 *
 * <p>All results are exact: the same codes and floats on every backend.
 *
 * <p>Shapes: graph N x M; x packed M x (H * F), head h in columns {@code [h * F, (h + 1) * F)}; {@code attention}
 * numEdges x H, granularity TENSOR or BUCKET, each block the edges of whole rows, offsets 0 (they are not read); out
 * N x (H * F). The codes of {@code attention} are written, those of x are read.
 *
 * <p>Softmax, in any order of the edges: with {@code m} the largest score of a row and head,
 * {@code p_e = Exp.exp(s_e - m)}, {@code t_e = rint(p_e * 2^30)} as an integer, {@code alpha_e = (float) t_e / (float)
 * (sum of t_e)}. A packed block of {@code attention} gets the codes of alpha ({@link SoftmaxOrder#DIVIDE_THEN_ROUND})
 * or of {@code t_e * 2^-30} ({@link SoftmaxOrder#ROUND_THEN_DIVIDE}) under its scheme; one of 32 bits gets alpha.
 *
 * <p>Sum: {@code ws} is the scale of the block, or {@code 1 / (float) (sum of the codes of this row and head)}, 0 where
 * that sum is 0, for ROUND_THEN_DIVIDE. Where the row's attention and all of x are packed and x is not of ROW
 * granularity, integers are summed as in {@link PackedOps#spmmWeighted}: per block b of x with an edge, ascending,
 * {@code acc = fma(ws * scale_b, (float) S_b, fma(ws * offset_b, (float) W_b, acc))}. Else in float, edges ascending:
 * {@code acc = fma(w_e, x_j, acc)}, {@code w_e = ws * code} or alpha. A row without an edge gives 0.
 */
public interface PackedAttentionOps {

    /** Most heads that every backend takes. */
    int MAX_HEADS = 64;

    /**
     * Attention of GAT: {@code s_eh = leaky(target_ih + source_jh)} for edge e from j to i, {@code leaky(t) = t > 0 ? t
     * : slope * t}.
     *
     * <p>Shapes: target N x H, source M x H, both of a GAT layer's halves of the scoring vector. Source: Velickovic et
     * al., ICLR 2018, equation 3.
     *
     * @throws NonFiniteException at the first edge and head whose score is NaN or infinite
     */
    void attendAdditive(
            CsrGraph graph,
            FloatMatrix target,
            FloatMatrix source,
            float slope,
            PackedMatrix x,
            SoftmaxOrder order,
            PackedMatrix attention,
            FloatMatrix out);

    /**
     * Attention of AGNN: {@code s_e = beta * cos(x_i, x_j)} with {@code cos = n > 0 ? dot(x_i, x_j) / n : 0} and
     * {@code n = norm_i * norm_j}, so that a zero row has cosine 0.
     *
     * <p>Shapes: graph N x N, norms 1 x N from {@link #norms}, beta 1 x 1 or null for 1, H = 1. Numerics of {@code dot}: where both
     * rows are codes of TENSOR or BUCKET granularity, {@code fma(s_i * s_j, (float) D, fma(s_i * o_j, (float) A_i,
     * fma(s_j * o_i, (float) A_j, (float) F * (o_i * o_j))))} with the exact sums D of products of codes and A of
     * codes, s and o scale and offset of the rows' blocks; else one chain {@code acc = fma(x_ik, x_jk, acc)} from 0, k
     * ascending. Source: Thekumparampil et al., 2018, equation 6.
     *
     * @throws NonFiniteException at the first edge whose score is NaN or infinite
     */
    void attendCosine(
            CsrGraph graph,
            FloatMatrix norms,
            FloatMatrix beta,
            PackedMatrix x,
            SoftmaxOrder order,
            PackedMatrix attention,
            FloatMatrix out);

    /**
     * {@code out_i = sqrt(dot(x_i, x_i))}, 0 where rounding leaves no positive square; dot as in {@link #attendCosine}.
     *
     * <p>Shapes: x packed N x F, out 1 x N.
     */
    void norms(PackedMatrix x, FloatMatrix out);

    /**
     * {@code out_eh = w_eh}, the weights that attention with these scores has under {@code scheme}: softmax, code and
     * {@code ws * code} as above, so that training sees the very weights of packed inference.
     *
     * <p>Shapes: scores and out numEdges x H; scheme as that of {@code attention}. A 32-bit block gives alpha.
     *
     * @throws NonFiniteException at the first edge and head whose score is NaN or infinite
     */
    void fakeAttention(CsrGraph graph, FloatMatrix scores, SoftmaxOrder order, QuantScheme scheme, FloatMatrix out);
}
