package org.sgquant.model;

/**
 * Hyper-parameters of a {@link Gat}: {@code hidden} units per head, {@code attentionDropout} of the softmaxed attention,
 * {@code messageDropout} of what is aggregated, not of what scores are made from, {@code weightDecay} on every
 * parameter. Source of the defaults: Velickovic et al., ICLR 2018, section 3.3; their code drops messages too, at the
 * rate of {@code dropout}.
 */
public record GatConfig(
        int layers,
        int hidden,
        int heads,
        float dropout,
        float attentionDropout,
        float messageDropout,
        float weightDecay)
        implements ModelConfig {

    public static final GatConfig DEFAULT = new GatConfig(2, 8, 8, 0.6f, 0.6f, 0, 5e-4f);

    public GatConfig {
        ModelConfig.requirePositive("layers", layers);
        ModelConfig.requirePositive("hidden", hidden);
        ModelConfig.requirePositive("heads", heads);
        ModelConfig.requireRate("dropout", dropout);
        ModelConfig.requireRate("attentionDropout", attentionDropout);
        ModelConfig.requireRate("messageDropout", messageDropout);
    }

    @Override
    public String name() {
        return "gat";
    }

    @Override
    public float learningRate() {
        return 0.005f;
    }

    @Override
    public Model create(ModelSizes sizes) {
        return new Gat(this, sizes);
    }

    @Override
    public String outputBias() {
        return "L" + layers + ".bias";
    }
}
