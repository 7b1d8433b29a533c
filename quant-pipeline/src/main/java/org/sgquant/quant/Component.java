package org.sgquant.quant;

import java.util.Locale;
import org.sgquant.data.NearNames;
import org.sgquant.tensor.BitWidth;

/** What of a layer a cell quantizes. {@link #EMBEDDING} and {@link #ATTENTION} are SGQuant's own. */
public enum Component {
    /** The input h of a layer. */
    EMBEDDING,
    /** One weight per edge, such as the GCN norm. */
    ATTENTION,
    /** The transformed features hW that are aggregated. */
    MESSAGE,
    /** Further hidden state where a model has it. */
    HIDDEN,
    /** The weight matrix. */
    WEIGHT,
    /** The second weight matrix of a layer with two: of the MLP in GIN, of the node itself in GraphSAGE. */
    WEIGHT2;

    public boolean isWeight() {
        return this == WEIGHT || this == WEIGHT2;
    }

    /** Parses the lower-case name. */
    public static Component parse(String text) {
        return NearNames.constant(Component.class, "component", text);
    }

    /** Whether rows are nodes, so that degree buckets can differ in width. */
    public boolean hasBuckets() {
        return !isWeight();
    }

    /** Whether row i belongs to node i. */
    public boolean hasRowPerNode() {
        return this != WEIGHT && this != ATTENTION;
    }

    /** Whether there are codes of this width: attention has integers, which are summed. */
    public boolean takes(BitWidth width) {
        return this != ATTENTION || !width.isFloat();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
