package org.sgquant.train;

import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.sgquant.autograd.Tape;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.kernels.StepState;
import org.sgquant.model.Forward;
import org.sgquant.model.Parameters;

/** What training on one graph and on batches of graphs have in common. */
public final class TrainingLoop {

    private TrainingLoop() {}

    /** Records the end of a step: Adam on every trained parameter of {@code forward}, whose gradients are there. */
    public static void adam(Tape tape, Forward forward, Parameters parameters, StepState state) {
        for (Parameters.Parameter p : parameters.list()) {
            if (p.spec().trained()) {
                tape.adam(
                        forward.parameterValues().get(p.spec().name()),
                        p.m(),
                        p.v(),
                        p.spec().weightDecay(),
                        state);
            }
        }
    }

    /**
     * Validates, and again after each epoch until the last one or until patience ends; leaves the checkpoint of best
     * validation metrics and returns these.
     *
     * @param validate metrics of the present parameters
     * @param epoch makes the steps of an epoch, counted from 0
     * @throws DivergedException where an epoch leaves a loss that is not finite, or a tensor that cannot be quantized
     * @throws NonFiniteException where a tensor is not finite before the first step: that is the input's fault
     */
    static Metrics run(TrainConfig config, Checkpoint checkpoint, Supplier<Metrics> validate, IntConsumer epoch) {
        Metrics best = null;
        int bestEpoch = 0;
        for (int done = 0; done <= config.epochs() && done - bestEpoch <= config.patience(); done++) {
            Metrics now = done == 0 ? validate.get() : next(config, done, validate, epoch);
            if (!Double.isFinite(now.loss())) {
                throw new DivergedException(done, config.learningRate());
            }
            if (now.betterThan(best)) {
                best = now;
                bestEpoch = done;
                checkpoint.save();
            }
        }
        checkpoint.restore();
        return best;
    }

    private static Metrics next(TrainConfig config, int done, Supplier<Metrics> validate, IntConsumer epoch) {
        try {
            epoch.accept(done - 1);
            return validate.get();
        } catch (NonFiniteException e) {
            throw new DivergedException(done, config.learningRate());
        }
    }
}
