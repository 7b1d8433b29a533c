package org.sgquant.perf.peer;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/**
 * {@code logits = A relu(A x w1 + b1) w2 + b2}: a network of two layers.
 *
 * @param graph N x N with self loops
 * @param norm value of every edge of A, 1 x nnz
 * @param x input features, N x F
 * @param w1 F x H; {@code b1} 1 x H
 * @param w2 H x C; {@code b2} 1 x C
 */
public record PeerGcn(
        CsrGraph graph,
        FloatMatrix norm,
        FloatMatrix x,
        FloatMatrix w1,
        FloatMatrix b1,
        FloatMatrix w2,
        FloatMatrix b2) {

    /**
     * How it is trained.
     *
     * @param labels class of every node
     * @param weightDecay added to the gradient of w1 and b1 only
     */
    public record Training(
            IntArray labels,
            int[] trainNodes,
            int[] validationNodes,
            double learningRate,
            double weightDecay,
            double dropout) {}
}
