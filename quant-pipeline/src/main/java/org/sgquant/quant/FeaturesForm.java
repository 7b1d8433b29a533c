package org.sgquant.quant;

import java.util.Locale;

/** How the codes of the input features are stored; both forms hold the same codes and give the same bits. */
public enum FeaturesForm {
    /** The form of fewer bytes. */
    AUTO,
    /** Every code in its place. */
    DENSE,
    /** Only codes that are not 0: {@link org.sgquant.tensor.SparsePackedMatrix}. */
    SPARSE;

    /** Parses {@code auto}, {@code dense} or {@code sparse}. */
    public static FeaturesForm parse(String text) {
        return switch (text) {
            case "auto" -> AUTO;
            case "dense" -> DENSE;
            case "sparse" -> SPARSE;
            default ->
                throw new IllegalArgumentException(
                        "features form '" + text + "' does not exist: choose auto, dense or sparse");
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
