package org.sgquant.train;

/** Training left the finite numbers. */
public final class DivergedException extends RuntimeException {

    DivergedException(int epoch, float learningRate) {
        super("training diverged: the validation loss is not finite after epoch " + epoch + " at learning rate "
                + learningRate + "; lower it with --lr or --finetune-lr");
    }
}
