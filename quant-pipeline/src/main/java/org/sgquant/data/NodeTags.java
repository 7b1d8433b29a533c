package org.sgquant.data;

import java.util.Locale;

/** What the features of the nodes of whole graphs are one-hot in. */
public enum NodeTags {
    /** The published tag; 1 where there is a single one. */
    GIVEN,
    /** The logarithm of the degree, see {@link GraphCollection#withDegreeTags}. */
    DEGREE;

    /** Parses {@code given} or {@code degree}. */
    public static NodeTags parse(String text) {
        for (NodeTags tags : values()) {
            if (tags.toString().equals(text)) {
                return tags;
            }
        }
        throw new IllegalArgumentException("node tags '" + text + "' do not exist: choose given or degree");
    }

    /** {@code graphs} with these tags. */
    public GraphCollection of(GraphCollection graphs) {
        return this == DEGREE ? graphs.withDegreeTags() : graphs;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
