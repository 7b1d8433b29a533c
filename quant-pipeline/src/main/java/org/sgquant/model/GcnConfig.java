package org.sgquant.model;

/**
 * Hyper-parameters of a {@link Gcn}.
 *
 * <p>{@code edgeNorm}: the GCN norm is kept as one weight per edge, SGQuant's attention, instead of being folded into
 * rows. {@code order} null: chosen per layer. {@code weightDecay} applies to the first layer. Source of the defaults:
 * Kipf and Welling, ICLR 2017.
 */
public record GcnConfig(int layers, int hidden, float dropout, float weightDecay, boolean edgeNorm, Model.Order order) {

    public static final GcnConfig DEFAULT = new GcnConfig(2, 16, 0.5f, 5e-4f, false, null);

    public GcnConfig {
        if (layers < 1 || hidden < 1) {
            throw new IllegalArgumentException("a GCN needs at least one layer and one hidden unit, got " + layers
                    + " layers and " + hidden + " hidden units");
        }
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("dropout must lie in [0, 1), got " + dropout);
        }
    }
}
