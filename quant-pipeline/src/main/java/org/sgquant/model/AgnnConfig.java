package org.sgquant.model;

/**
 * Hyper-parameters of an {@link Agnn}: {@code layers} of propagation between its two linear layers, {@code weightDecay}
 * on every parameter. Source of the defaults: Thekumparampil et al., 2018, as SGQuant (Feng et al., 2020) trains it.
 */
public record AgnnConfig(int layers, int hidden, float dropout, float weightDecay) implements ModelConfig {

    public static final AgnnConfig DEFAULT = new AgnnConfig(2, 16, 0.5f, 5e-4f);

    public AgnnConfig {
        ModelConfig.requirePositive("layers", layers);
        ModelConfig.requirePositive("hidden", hidden);
        ModelConfig.requireRate("dropout", dropout);
    }

    @Override
    public String name() {
        return "agnn";
    }

    @Override
    public Model create(ModelSizes sizes) {
        return new Agnn(this, sizes);
    }

    @Override
    public String outputBias() {
        return "L" + (layers + 2) + ".bias";
    }
}
