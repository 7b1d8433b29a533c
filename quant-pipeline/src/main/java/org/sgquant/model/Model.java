package org.sgquant.model;

import java.util.List;
import org.sgquant.autograd.Value;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.CellShape;

/** A graph neural network: its parameters, its quantizable cells, and its forward pass for every {@link Phase}. */
public interface Model {

    /** Name on the command line. */
    String name();

    List<Parameters.Spec> parameters();

    /** Every quantizable cell with its shape, in order. */
    List<CellShape> cells();

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

    default List<Cell> cellNames() {
        return cells().stream().map(CellShape::cell).toList();
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
