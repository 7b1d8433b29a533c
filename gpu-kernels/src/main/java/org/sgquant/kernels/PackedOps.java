package org.sgquant.kernels;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatFormat;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.RowScale;

/**
 * Observers, quantization and products over packed codes.
 *
 * <p>Everything but {@link #calibrate} is exact: the same bits on every backend, the reference included. Blocks of
 * 32 bits hold floats and pass through unchanged. Blocks of small floats ({@link FloatFormat}) have no range: per row and
 * 32 columns their scale s is {@link FloatFormat#scaleCode} of the largest magnitude, NaN left out, computed from the row
 * like row codes, and their value is {@code s v(code(x / s))}; what is infinite saturates where it is not an error.
 */
public interface PackedOps {

    /**
     * Sets scale and offset of every packed block of {@code scheme} from the range of {@code x} that
     * {@code calibration} chooses: {@code offset = lo, scale = (hi - lo) / (2^q - 1)} (2^q for {@code PAPER}).
     *
     * <p>Shapes: x N x F as in scheme. TENSOR: one range over all rows, those of 32-bit blocks included. BUCKET: one per
     * block. COLUMN: one per column and block. ROW: one per row. A zero range gives scale 1. PERCENTILE and MSE work on
     * a histogram of {@link RangeSearch#BINS} bins between the extremes; ROW_MEAN on a COLUMN or ROW scheme falls
     * together with MIN_MAX. SIGN takes [-m, m], m the mean magnitude of the values each scale belongs to. An empty block
     * gets scale 1, offset 0.
     *
     * <p>ROW_CODE, per block: unit = max |x| / 255 for the codes of {@link RowScale}; a row of code c covers
     * {@code [-k c unit, k c unit]} if the block has a negative value, else {@code [0, k c unit]}. k is 1, or what PERCENTILE
     * or MSE choose by a histogram of {@code x / (c unit)}, in which for MSE a value counts c squared times.
     *
     * <p>Numerics: ranges are the same on every backend, up to the order in which ROW_MEAN and SIGN add their terms in
     * double.
     *
     * @throws NonFiniteException at the first NaN or infinity in row order, among the rows that a range is taken of
     */
    void calibrate(FloatMatrix x, QuantScheme scheme, Calibration calibration);

    /**
     * {@code out = fma(scale, u, offset)} with u the code of x: float in, float out, equal to unpack(pack(x)) bit for
     * bit. {@code out} may be {@code x}. NaN stays NaN. With ROW_CODE, here and below, scale and offset of a row are those
     * of its block times its code, which is computed from the row.
     */
    void fakeQuantize(FloatMatrix x, QuantScheme scheme, FloatMatrix out);

    /**
     * {@code out = fma(scale, u, offset)} with {@code u = floor(t) + (uniform < t - floor(t) ? 1 : 0)} and
     * {@code t = min(max((x - offset) / scale, 0), 2^q - 1)}: rounded up with the probability of the fraction, so that
     * the mean over many draws is x, clipped to the range.
     *
     * <p>Element (i, j) draws {@link CounterRandom#uniform} for (state, stream, i * cols + j): the same bits on every
     * backend, and again when called with the same stream in the same step. The fraction is exact, so a value that has
     * a code keeps it; the rounding of the scheme matters for its scales only. {@code out} may be {@code x}. NaN stays
     * NaN. Floats are rounded to the value below or above in the same way. The gradient is {@link #fakeQuantizeBackward}.
     * Source: Gupta et al., ICML 2015.
     */
    void fakeQuantizeStochastic(FloatMatrix x, QuantScheme scheme, int stream, StepState state, FloatMatrix out);

    /**
     * Straight-through gradient with clip mask: {@code gradX = 0 <= (x - offset) / scale <= 2^q - 1 ? gradY : 0}; for floats
     * where {@code |x / s|} is at most the largest value.
     * Without the mask the gradient is the identity and needs no call. Source: SGQuant's code is identity everywhere.
     */
    void fakeQuantizeBackward(FloatMatrix x, QuantScheme scheme, FloatMatrix gradY, FloatMatrix gradX);

    /**
     * {@code out.code = rint(min(max((x - offset) / scale, 0), 2^q - 1))} with out's scheme; padding bits are zero. With ROW_CODE
     * the code of each row is stored, too.
     *
     * @throws NonFiniteException at the first NaN or infinity in row order, in a packed block
     */
    void pack(FloatMatrix x, PackedMatrix out);

    /** {@code out = fma(scale, code, offset)}. Shapes: both N x F. */
    void unpack(PackedMatrix x, FloatMatrix out);

    /**
     * {@code out_i = sum over edges e of row i of x_col(e)}, summed as integers.
     *
     * <p>Shapes: graph N x M, x packed M x F, out N x F. Numerics, per output, blocks b of x ascending, blocks without
     * an edge of this row skipped: {@code acc = fma(scale_b, (float) S_b, fma(offset_b, (float) count_b, acc))} from
     * 0, S_b the exact sum of the codes in block b (rounded to float once), scale_b and offset_b those of the column
     * for COLUMN. ROW granularity has no integer sum: {@code acc = acc + fma(scale_j, code, offset_j)}, edges
     * ascending; nor have blocks of floats, {@code acc = acc + x_j} with {@code x_j = s v(code)} or the 32-bit float. With ROW_CODE, S_b is the sum of row code times code and
     * count_b that of the row codes.
     */
    void spmm(CsrGraph graph, PackedMatrix x, FloatMatrix out);

    /**
     * {@code out_i = sum over edges e of row i of w_e * x_col(e)}, codes times codes.
     *
     * <p>Shapes as above, weights one per edge. Where the row's weights (part p) and all of x are packed and x is not
     * of ROW granularity, nor has floats: per block b, {@code acc = fma(ws * scale_b, (float) S_b, fma(ws * offset_b, (float) W_b,
     * acc))}, ws the scale of part p, S_b the exact sum of weight code times code, W_b that of weight codes; with
     * ROW_CODE each weight code is multiplied by the row code. Else in
     * float, edges ascending: {@code acc = fma(w_e, x_j, acc)} with {@code w_e = ws * code} or the float, and
     * {@code x_j = fma(scale, code, offset)}, {@code s v(code)} or the float.
     */
    void spmmWeighted(CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix out);

    /**
     * {@code c = unpack(a) w}.
     *
     * <p>Shapes: a packed N x K, w K x F, c N x F. Numerics: one chain {@code acc = fma(fma(scale, code, offset), w_k,
     * acc)} from 0, k ascending, with {@code s v(code)} for floats; terms whose left factor is 0 are skipped.
     */
    void gemm(PackedMatrix a, FloatMatrix w, FloatMatrix c);

    /**
     * {@code c = unpack(a) unpack(w)} from sums of products of codes, which are exact.
     *
     * <p>Shapes: a packed N x K, w packed K x F, c N x F; {@link QuantScheme#hasIntegerProduct} says which: widths of at
     * most 8 bits, scales of a of any granularity but COLUMN, those of w TENSOR or COLUMN in one block, K at most 65793.
     *
     * <p>Numerics, with u the codes of a, v those of w less {@code z = 2^(q-1)} at w's width q; s_i and o_i scale and
     * offset of row i of a, t_j those of column j of w, {@code p_j = fma(z, t_j, offset_j)} the value that v = 0 stands for:
     * the integers {@code S_ij = sum_k u_ik v_kj}, {@code A_i = sum_k u_ik}, {@code V_j = sum_k v_kj} are exact and each
     * rounded to float once; {@code W_j = fma(t_j, V_j, K * p_j)} is the sum of column j, and
     * {@code c_ij = fma(s_i, fma(t_j, S_ij, A_i * p_j), o_i * W_j)}. As weights spread about 0, centred codes leave p_j
     * small, so that little is lost where {@code t_j S} and {@code A p_j} cancel; they are what 8-bit dot products take.
     *
     * @throws IllegalArgumentException where the product is not one of integers
     */
    void gemm(PackedMatrix a, PackedMatrix w, FloatMatrix c);

    /**
     * {@code out = diag(rowScale) aggregate(x) w}, aggregate-first in row tiles: the N x K aggregate never exists.
     *
     * <p>Shapes: graph N x M, x packed M x K, w K x F, out N x F; weights as in {@link #spmmWeighted} or null for
     * {@link #spmm}; rowScale 1 x N or null for 1. Numerics: those of the aggregation, then {@code rowScale_i * acc},
     * then one chain {@code fma(t, w_k, acc)} from 0 with k ascending.
     */
    void spmmGemm(
            CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out);
}
