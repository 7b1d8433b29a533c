package org.sgquant.model;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.sgquant.autograd.Value;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.CellShape;
import org.sgquant.quant.Component;

/** A graph neural network: its parameters, its quantizable cells, and its forward pass for every {@link Phase}. */
public interface Model {

    /** Name on the command line. */
    String name();

    List<Parameters.Spec> parameters();

    /** Every cell that an assignment can name, with its shape, in order. */
    List<CellShape> cells();

    /** The cells that exist under {@code bits}: a layer that aggregates first makes no message. */
    default List<CellShape> cells(BitAssignment bits) {
        Set<Cell> absent = layers(bits).stream()
                .filter(l -> l.order() == Order.AGGREGATE_FIRST)
                .map(l -> new Cell(l.layer(), Component.MESSAGE))
                .collect(Collectors.toSet());
        return cells().stream().filter(c -> !absent.contains(c.cell())).toList();
    }

    /** Describes the forward pass once; {@code forward} decides what quantization means in its phase. */
    Value logits(Forward forward);

    /** How each layer that aggregates computes under {@code bits}. */
    List<LayerPlan> layers(BitAssignment bits);

    /** Whether a norm D^-1/2 A D^-1/2 is folded into rows, so that edges have no weight. */
    boolean foldsNorm();

    /** Whether the weights of edges are attention, computed from the nodes at every pass. */
    default boolean computesAttention() {
        return false;
    }

    /** Bytes of what packed inference reads of a graph of {@code sizes}: CSR of A + I, and a folded norm. */
    default long graphBytes(ModelSizes sizes) {
        long nodes = sizes.numNodes();
        return Integer.BYTES * (nodes + 1 + sizes.numEdges()) + (foldsNorm() ? Float.BYTES * nodes : 0);
    }

    default List<Cell> cellNames() {
        return cells().stream().map(CellShape::cell).toList();
    }

    /** {@code int}, or what the layers do where one of them sums in fp32. */
    default String aggregated(BitAssignment bits) {
        return layers(bits).stream().map(LayerPlan::aggregated).distinct().collect(Collectors.joining(" and "));
    }

    /** Order of the two products of a layer. */
    enum Order {
        /** A (h W): the transformed features are aggregated. */
        TRANSFORM_FIRST,
        /** (A h) W: the input is aggregated. */
        AGGREGATE_FIRST;

        @Override
        public String toString() {
            return this == TRANSFORM_FIRST ? "transform-first" : "aggregate-first";
        }
    }

    /** What a layer does in packed inference: its order, and whether neighbours are summed as integers or in fp32. */
    record LayerPlan(int layer, Order order, boolean integerAggregation) {
        public String aggregated() {
            return integerAggregation ? "int" : "fp32";
        }
    }
}
