package org.sgquant.model;

import java.util.Locale;

/**
 * Hyper-parameters of a {@link Gcn}. {@code weightDecay} applies to the first layer. Source of the defaults: Kipf and
 * Welling, ICLR 2017.
 */
public record GcnConfig(int layers, int hidden, float dropout, float weightDecay, Norm norm, OrderRule order)
        implements ModelConfig {

    public static final GcnConfig DEFAULT = new GcnConfig(2, 16, 0.5f, 5e-4f, Norm.FOLDED, OrderRule.AUTO);

    public GcnConfig {
        if (layers < 1 || hidden < 1) {
            throw new IllegalArgumentException("a GCN needs at least one layer and one hidden unit, got " + layers
                    + " layers and " + hidden + " hidden units");
        }
        ModelConfig.requireRate("dropout", dropout);
    }

    /** Where the norm D^-1/2 (A + I) D^-1/2 goes. */
    public enum Norm {
        /** Into a factor per row, before and after the sum. */
        FOLDED,
        /** Into one weight per edge, SGQuant's attention. */
        EDGE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Which {@link Model.Order} a layer takes whose message is 32 bits. */
    public enum OrderRule {
        /** The cheaper one, per layer. */
        AUTO(null),
        TRANSFORM_FIRST(Model.Order.TRANSFORM_FIRST),
        AGGREGATE_FIRST(Model.Order.AGGREGATE_FIRST);

        private final Model.Order fixed;

        OrderRule(Model.Order fixed) {
            this.fixed = fixed;
        }

        /** The order of every layer, null where each has its own. */
        public Model.Order fixed() {
            return fixed;
        }

        @Override
        public String toString() {
            return fixed == null ? "auto" : fixed.toString();
        }
    }

    @Override
    public String name() {
        return "gcn";
    }

    /** Whether the norm is one weight per edge. */
    public boolean edgeNorm() {
        return norm == Norm.EDGE;
    }

    @Override
    public Model create(ModelSizes sizes) {
        return new Gcn(this, sizes);
    }

    @Override
    public String outputBias() {
        return "L" + layers + ".bias";
    }
}
