package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** Losses beside the plain cross-entropy of {@link ElementwiseOps}: corrected for noisy labels, and distillation. */
public interface LossOps {

    /** How the noise matrix T, {@code T_ij = P(given label j | true class i)}, enters the loss. */
    enum Correction {
        /** Predictions are made as noisy as the labels: {@code -log (T^T softmax(z))_y}. */
        FORWARD,
        /** The losses of all classes are mixed so that their mean over the noise is the clean loss: {@code (T^-1 l)_y}. */
        BACKWARD
    }

    /**
     * Mean over {@code nodes} of {@code -log sum_k M_ky p_k} (FORWARD, M = T) or {@code - sum_k M_yk log p_k}
     * (BACKWARD, M = T^-1), p = softmax of the row; accuracy, and optionally the gradient.
     *
     * <p>Shapes: logits N x C, labels N, nodes any number, each once, matrix C x C, metrics 1 x 2 = (mean loss, right
     * predictions), grad N x C or null, as in {@link ElementwiseOps#softmaxCrossEntropy}. The backward loss may be
     * negative. Numerics: maximum subtracted; sums in double. With M = I both are the plain cross-entropy.
     * Source: Patrini et al., CVPR 2017, theorems 1 and 2; for graph networks Hoang et al., 2019.
     */
    void correctedCrossEntropy(
            FloatMatrix logits,
            IntArray labels,
            IntArray nodes,
            Correction correction,
            FloatMatrix matrix,
            FloatMatrix grad,
            FloatMatrix metrics);

    /**
     * {@code grad = (1 - w) labelGrad + w T (q - p) / N} and {@code metrics_0 = (1 - w) metrics_0 + w T^2 mean KL(p || q)}
     * with {@code p = softmax(teacher / T), q = softmax(logits / T)}: a loss on labels blended with distillation on
     * every row.
     *
     * <p>Shapes: logits, teacher, labelGrad and grad N x C, grad may be labelGrad; metrics 1 x 2, its second value is
     * left alone. {@code T > 0}, {@code 0 <= w <= 1}. Numerics: maximum subtracted; sums in double, in an order that a
     * backend never changes. Source: Hinton, Vinyals and Dean, 2015, section 2.
     */
    void distill(
            FloatMatrix logits,
            FloatMatrix teacher,
            float temperature,
            float weight,
            FloatMatrix labelGrad,
            FloatMatrix grad,
            FloatMatrix metrics);
}
