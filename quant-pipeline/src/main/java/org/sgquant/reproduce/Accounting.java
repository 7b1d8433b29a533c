package org.sgquant.reproduce;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.sgquant.quant.Cell;
import org.sgquant.quant.CellCount;
import org.sgquant.quant.Component;
import org.sgquant.quant.QuantConfig;

/**
 * {@code bits / values} over a set of cells: ways of counting bits per value, ours and those of publications.
 *
 * <p>Published averages cover different tensors; only figures of one accounting can be compared.
 */
public enum Accounting {
    /** Codes of every cell. */
    ALL("the codes of all tensors", cell -> true),
    /** Codes of every cell but the input features. */
    INNER("the codes of all tensors but the input features", cell -> !QuantConfig.isFeatures(cell)),
    /** Bytes stored for every cell but the input features. */
    INNER_STORED(
            "what is stored for all tensors but the input features, scales, offsets and padding included",
            cell -> !QuantConfig.isFeatures(cell)),
    /** SGQuant: embeddings and attention. */
    SGQUANT(
            "the codes of embeddings (features included) and attention",
            cell -> cell.component() == Component.EMBEDDING || cell.component() == Component.ATTENTION),
    /** A2Q: inputs of the layers from the second on. */
    A2Q(
            "the codes of the inputs of the layers from the second on, without steps, messages and weights",
            cell -> cell.component() == Component.EMBEDDING && cell.layer() > 1),
    /** Binary networks (W1A1): both operands of the products. */
    PRODUCTS(
            "the codes of weights and layer inputs, without what is aggregated",
            cell -> cell.component().isWeight() || cell.component() == Component.EMBEDDING),
    /** MixQ-GNN: the mean width of the quantizers, however many values each has. */
    WIDTHS("the mean width of the tensors, however many values each has", cell -> true);

    private final String words;
    private final Predicate<Cell> counted;

    Accounting(String words, Predicate<Cell> counted) {
        this.words = words;
        this.counted = counted;
    }

    /** What is counted, in words. */
    public String words() {
        return words;
    }

    /** Bits per value of {@code cells} in this accounting; null where it counts no cell. */
    public Double bits(List<CellCount> cells) {
        List<CellCount> set =
                cells.stream().filter(c -> counted.test(Cell.parse(c.cell()))).toList();
        double values = set.stream().mapToLong(CellCount::values).sum();
        if (values == 0) {
            return null;
        }
        return switch (this) {
            case INNER_STORED ->
                8 * set.stream().mapToLong(CellCount::storedBytes).sum() / values;
            case WIDTHS ->
                set.stream()
                        .mapToDouble(c -> (double) c.bits() / c.values())
                        .average()
                        .orElseThrow();
            default -> set.stream().mapToLong(CellCount::bits).sum() / values;
        };
    }

    /** The name in tables, as {@code inner-stored}. */
    @Override
    @JsonValue
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
