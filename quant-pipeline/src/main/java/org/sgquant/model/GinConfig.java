package org.sgquant.model;

import java.util.Locale;

/**
 * Hyper-parameters of a {@link Gin}; {@code dropout} applies to the scores of each linear read-out, or to the
 * hidden layer of the other. Source of the defaults: Xu et
 * al., ICLR 2019 (5 layers, batch norm, dropout 0.5, mean read-out on social networks), with hidden width 32.
 */
public record GinConfig(
        int layers,
        int hidden,
        float dropout,
        float weightDecay,
        Normalization normalization,
        boolean residual,
        Pooling pooling,
        ReadOut readOut)
        implements ModelConfig {

    public static final GinConfig DEFAULT =
            new GinConfig(5, 32, 0.5f, 0, Normalization.BATCH, false, Pooling.MEAN, ReadOut.LINEAR);

    public GinConfig {
        ModelConfig.requirePositive("layers", layers);
        ModelConfig.requirePositive("hidden", hidden);
        ModelConfig.requireRate("dropout", dropout);
    }

    /** What a read-out makes of the rows of a graph. */
    public enum Pooling {
        SUM,
        MEAN;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What the scores make of what all layers read: their sum, or a hidden layer on it. */
    public enum ReadOut {
        LINEAR,
        MLP;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Override
    public String name() {
        return "gin";
    }

    @Override
    public Model create(ModelSizes sizes) {
        return new Gin(this, sizes);
    }

    @Override
    public int graphLayers() {
        return layers;
    }

    @Override
    public int epochs() {
        return 60;
    }

    @Override
    public String outputBias() {
        return "output.bias";
    }
}
