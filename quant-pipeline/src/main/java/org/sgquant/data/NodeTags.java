package org.sgquant.data;

import java.util.Locale;

/** What decides the features of the nodes of whole graphs. */
public enum NodeTags {
    /** One-hot in the published tag; 1 where there is a single one. */
    GIVEN,
    /** One-hot in the logarithm of the degree, see {@link GraphCollection#withDegreeTags}. */
    DEGREE,
    /** The degrees of a node and of its neighbours, see {@link DegreeProfile}. */
    PROFILE;

    /** Parses {@code given}, {@code degree} or {@code profile}. */
    public static NodeTags parse(String text) {
        return NearNames.constant(NodeTags.class, "node tag", text);
    }

    /** {@code graphs} with these tags. */
    public GraphCollection of(GraphCollection graphs) {
        return switch (this) {
            case GIVEN -> graphs;
            case DEGREE -> graphs.withDegreeTags();
            case PROFILE -> DegreeProfile.of(graphs);
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
