package org.sgquant.model;

/**
 * Hyper-parameters of a {@link Sage}. {@code weightDecay} applies to the first layer; with {@code residual} a layer adds its
 * input where the widths agree.
 */
public record SageConfig(
        int layers, int hidden, float dropout, float weightDecay, Normalization normalization, boolean residual)
        implements ModelConfig {

    public static final SageConfig DEFAULT = new SageConfig(2, 32, 0.5f, 5e-4f, Normalization.NONE, false);

    public SageConfig {
        ModelConfig.requirePositive("layers", layers);
        ModelConfig.requirePositive("hidden", hidden);
        ModelConfig.requireRate("dropout", dropout);
    }

    @Override
    public String name() {
        return "sage";
    }

    @Override
    public Model create(ModelSizes sizes) {
        return new Sage(this, sizes);
    }

    @Override
    public String outputBias() {
        return "L" + layers + ".bias";
    }
}
