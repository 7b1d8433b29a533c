package org.sgquant.autograd;

import java.util.List;
import org.sgquant.kernels.LossOps.Correction;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** The losses of {@link org.sgquant.kernels.LossOps} on a tape; each returns its gradient by the logits. */
public final class LossFunctions {

    private LossFunctions() {}

    /** Cross-entropy over {@code nodes} corrected for noisy labels by {@code matrix}, (loss, right) to {@code metrics}. */
    public static Value correctedCrossEntropy(
            Tape tape,
            Value logits,
            IntArray labels,
            IntArray nodes,
            Correction correction,
            FloatMatrix matrix,
            FloatMatrix metrics) {
        Value grad = Value.dense(logits.rows(), logits.cols(), false);
        return tape.record(
                "corrected_cross_entropy",
                List.of(logits),
                grad,
                b -> b.losses()
                        .correctedCrossEntropy(
                                logits.dense(), labels, nodes, correction, matrix, grad.dense(), metrics));
    }

    /**
     * {@code labelGrad}, the gradient of a loss on labels that left its value in {@code metrics}, blended with
     * distillation from the logits of {@code teacher} on every node.
     */
    public static Value distill(
            Tape tape,
            Value logits,
            FloatMatrix teacher,
            float temperature,
            float weight,
            Value labelGrad,
            FloatMatrix metrics) {
        Value grad = Value.dense(logits.rows(), logits.cols(), false);
        return tape.record(
                "distill",
                List.of(logits, labelGrad),
                grad,
                b -> b.losses()
                        .distill(
                                logits.dense(),
                                teacher,
                                temperature,
                                weight,
                                labelGrad.dense(),
                                grad.dense(),
                                metrics));
    }
}
