package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/**
 * Row-wise and element-wise float32 operations, losses and the optimizer.
 *
 * <p>Operands of one call have one shape unless said otherwise, and {@code out} may be the input. What changes per
 * step (dropout counter, Adam step, learning rate) is read from {@link StepState}, never passed, so a recorded list of
 * calls can be replayed unchanged.
 */
public interface ElementwiseOps {

    /** {@code out = 0}. */
    void zero(FloatMatrix out);

    /** {@code out = x}. */
    void copy(FloatMatrix x, FloatMatrix out);

    /** {@code out = a + b}. */
    void add(FloatMatrix a, FloatMatrix b, FloatMatrix out);

    /** {@code out_ij = factor_i * x_ij}. Shapes: factor 1 x N, x and out N x F. */
    void scaleRows(FloatMatrix x, FloatMatrix factor, FloatMatrix out);

    /** {@code out_ij = x_ij + bias_j}. Shapes: bias 1 x F, x and out N x F. */
    void addBias(FloatMatrix x, FloatMatrix bias, FloatMatrix out);

    /**
     * {@code out_j = sum over i of x_ij}: chunks of 1024 rows, i ascending, whose sums are then added in order.
     * Shapes: x N x F, out 1 x F.
     */
    void sumRows(FloatMatrix x, FloatMatrix out);

    /** {@code out = max(x, 0)}. */
    void relu(FloatMatrix x, FloatMatrix out);

    /** {@code gradX = y > 0 ? gradY : 0}, {@code y} the output of {@link #relu}. */
    void reluBackward(FloatMatrix y, FloatMatrix gradY, FloatMatrix gradX);

    /**
     * {@code gradX = |x| <= 1 ? gradY : 0}: the straight-through gradient of signs. NaN gives 0.
     * Source: Wang et al., Bi-GCN, CVPR 2021.
     */
    void clipBackward(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradX);

    /**
     * {@code out = keep ? x / (1 - rate) : 0}; its own backward when called with the same stream in the same step.
     *
     * <p>Element (i, j) is kept iff {@link CounterRandom#keep} says so for (state, stream, i * cols + j), which every
     * backend computes alike. The factor is {@code 1f / (1f - rate)}.
     */
    void dropout(FloatMatrix x, float rate, int stream, StepState state, FloatMatrix out);

    /**
     * {@code out_i = uniform_i < probability_i ? a_i : b_i} for whole rows, {@code uniform_i} the
     * {@link CounterRandom#uniform} of (state, stream, i): the same rows on every backend, and again when called with the
     * same stream in the same step. Shapes: probability 1 x N; a, b, out N x F, a or b null for rows of 0.
     */
    void selectRows(
            FloatMatrix probability, int stream, StepState state, FloatMatrix a, FloatMatrix b, FloatMatrix out);

    /**
     * Mean softmax cross-entropy over {@code nodes}, accuracy, and optionally the gradient.
     *
     * <p>Shapes: logits N x C, labels N, nodes any number, each once, metrics 1 x 2 = (mean loss, number of right
     * predictions; ties go to the lowest class), both 0 without nodes; grad N x C apart from logits, or null:
     * {@code (softmax - onehot) / nodes.size} on these rows, else 0.
     * Numerics: maximum subtracted; the loss is summed in double, in an order that a backend never changes.
     */
    void softmaxCrossEntropy(
            FloatMatrix logits, IntArray labels, IntArray nodes, FloatMatrix grad, FloatMatrix metrics);

    /** {@code out = softmax(x)} per row, maximum subtracted. */
    void softmax(FloatMatrix x, FloatMatrix out);

    /**
     * One Adam step: {@code m = b1 m + (1-b1) g; v = b2 v + (1-b2) g^2; p -= lr m' / (sqrt(v') + 1e-8)} with
     * {@code g = grad + weightDecay * p}, b1 = 0.9, b2 = 0.999 and the bias-corrected m', v'; step number and learning
     * rate from {@code state}. Source: Kingma and Ba, ICLR 2015, algorithm 1, with coupled weight decay.
     */
    void adam(FloatMatrix p, FloatMatrix grad, FloatMatrix m, FloatMatrix v, float weightDecay, StepState state);

    /** Advances the dropout counter and the Adam step of {@code state} by one. */
    void nextStep(StepState state);
}
