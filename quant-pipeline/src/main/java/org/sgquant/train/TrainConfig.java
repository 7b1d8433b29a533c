package org.sgquant.train;

import org.sgquant.model.ModelConfig;

/**
 * How long and how fast to train.
 *
 * <p>{@code learningRate} falls to {@code finalLearningRate} along half a cosine over the epochs; equal values keep it
 * constant. Training stops early after {@code patience} epochs without a better checkpoint.
 */
public record TrainConfig(int epochs, float learningRate, float finalLearningRate, int patience) {

    public static final TrainConfig FINE_TUNE = new TrainConfig(60, 0.005f, 0.005f, 60);

    public TrainConfig {
        if (epochs < 0 || patience < 1 || !(learningRate > 0) || !(finalLearningRate >= 0)) {
            throw new IllegalArgumentException("training needs epochs >= 0, patience >= 1 and a positive learning"
                    + " rate, got epochs " + epochs + ", patience " + patience + ", learning rate " + learningRate);
        }
    }

    /** fp32 training as {@code model} advises, to the end, at a constant learning rate. */
    public static TrainConfig of(ModelConfig model) {
        return new TrainConfig(model.epochs(), model.learningRate(), model.learningRate(), Math.max(1, model.epochs()));
    }

    public TrainConfig withEpochs(int count) {
        return new TrainConfig(count, learningRate, finalLearningRate, Math.max(patience, 1));
    }

    /** Learning rate of {@code epoch}, from 0. */
    public float learningRate(int epoch) {
        double progress = epochs <= 1 ? 0 : epoch / (epochs - 1.0);
        return (float)
                (finalLearningRate + (learningRate - finalLearningRate) * 0.5 * (1 + Math.cos(Math.PI * progress)));
    }
}
