package org.sgquant.model;

import java.util.List;
import java.util.Locale;
import org.sgquant.model.Parameters.Spec;
import org.sgquant.model.Parameters.Start;

/** How a layer's sums are normalised before their activation. */
public enum Normalization {
    /** Over nodes, per column: {@link org.sgquant.kernels.NormOps#batchNormMoments}; packed inference has a fma left. */
    BATCH,
    /** Over columns, per node: {@link org.sgquant.kernels.NormOps#layerNorm}. */
    LAYER,
    NONE;

    /** Parameters of one that is called {@code name}, over {@code cols} columns. */
    List<Spec> parameters(String name, int cols) {
        Spec gamma = new Spec(name + ".gamma", 1, cols, Start.ONE, 0, true);
        Spec beta = new Spec(name + ".beta", 1, cols, Start.ZERO, 0, true);
        return switch (this) {
            case BATCH ->
                List.of(
                        gamma,
                        beta,
                        new Spec(name + ".mean", 1, cols, Start.ZERO, 0, false),
                        new Spec(name + ".variance", 1, cols, Start.ONE, 0, false));
            case LAYER -> List.of(gamma, beta);
            case NONE -> List.of();
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
