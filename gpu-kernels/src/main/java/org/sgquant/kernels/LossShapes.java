package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** Shape rules of {@link LossOps}, checked by every backend before it touches memory. */
public final class LossShapes {

    private LossShapes() {}

    /** As {@link FloatShapes#requireCrossEntropy}, and matrix C x C. */
    public static void requireCorrected(
            FloatMatrix logits, IntArray labels, FloatMatrix matrix, FloatMatrix grad, FloatMatrix metrics) {
        FloatShapes.requireCrossEntropy(logits, labels, grad, metrics);
        matrix.requireShape(logits.cols(), logits.cols(), "correctedCrossEntropy: matrix");
    }

    /** Four matrices of one shape, metrics 1 x 2, a positive temperature and a share. */
    public static void requireDistill(
            FloatMatrix logits,
            FloatMatrix teacher,
            float temperature,
            float weight,
            FloatMatrix labelGrad,
            FloatMatrix grad,
            FloatMatrix metrics) {
        FloatShapes.requireSame(logits, teacher, "distill: teacher");
        FloatShapes.requireSame(logits, labelGrad, "distill: labelGrad");
        FloatShapes.requireSame(logits, grad, "distill: grad");
        metrics.requireShape(1, 2, "distill: metrics");
        if (!(temperature > 0 && temperature < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("distill: temperature " + temperature + " must be positive and finite");
        }
        if (!(weight >= 0 && weight <= 1)) {
            throw new IllegalArgumentException("distill: weight " + weight + " must lie in [0, 1]");
        }
    }
}
