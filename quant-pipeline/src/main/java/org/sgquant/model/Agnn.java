package org.sgquant.model;

import java.util.ArrayList;
import java.util.List;
import org.sgquant.autograd.Value;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.CellShape;
import org.sgquant.quant.Component;

/**
 * Attention-based graph network: {@code h = relu(X W + b)}, some propagation layers
 * {@code h'_i = sum over j of softmax_j(beta cos(h_i, h_j)) h_j} over neighbours and self, then {@code h W' + b'}.
 *
 * <p>Layers are numbered through, from the first linear one to the last: a linear one has embedding and weight, one of
 * propagation embedding and attention, and aggregates its embedding. Of the propagation layers the first has
 * {@code beta = 1}, the others learn theirs. Source: Thekumparampil et al., 2018, equations 5-7; fixed first beta as in
 * its experiments with two layers.
 */
public final class Agnn implements Model {

    private final AgnnConfig config;
    private final ModelSizes sizes;

    public Agnn(AgnnConfig config, ModelSizes sizes) {
        this.config = config;
        this.sizes = sizes;
    }

    @Override
    public String name() {
        return config.name();
    }

    @Override
    public boolean foldsNorm() {
        return false;
    }

    @Override
    public boolean computesAttention() {
        return true;
    }

    private int last() {
        return config.layers() + 2;
    }

    @Override
    public List<Parameters.Spec> parameters() {
        List<Parameters.Spec> specs = new ArrayList<>();
        specs.add(spec("L1.weight", sizes.numFeatures(), config.hidden(), Parameters.Start.GLOROT));
        specs.add(spec("L1.bias", 1, config.hidden(), Parameters.Start.ZERO));
        for (int l = 3; l < last(); l++) {
            specs.add(spec(beta(l), 1, 1, Parameters.Start.ONE));
        }
        specs.add(spec("L" + last() + ".weight", config.hidden(), sizes.numClasses(), Parameters.Start.GLOROT));
        specs.add(spec("L" + last() + ".bias", 1, sizes.numClasses(), Parameters.Start.ZERO));
        return specs;
    }

    private Parameters.Spec spec(String name, int rows, int cols, Parameters.Start start) {
        return new Parameters.Spec(name, rows, cols, start, config.weightDecay());
    }

    private static String beta(int layer) {
        return "L" + layer + ".beta";
    }

    @Override
    public List<CellShape> cells() {
        List<CellShape> cells = new ArrayList<>();
        cells.add(new CellShape(new Cell(1, Component.EMBEDDING), sizes.numNodes(), sizes.numFeatures()));
        cells.add(new CellShape(new Cell(1, Component.WEIGHT), sizes.numFeatures(), config.hidden()));
        for (int l = 2; l < last(); l++) {
            cells.add(new CellShape(new Cell(l, Component.EMBEDDING), sizes.numNodes(), config.hidden()));
            cells.add(new CellShape(new Cell(l, Component.ATTENTION), sizes.numEdges(), 1));
        }
        cells.add(new CellShape(new Cell(last(), Component.EMBEDDING), sizes.numNodes(), config.hidden()));
        cells.add(new CellShape(new Cell(last(), Component.WEIGHT), config.hidden(), sizes.numClasses()));
        return cells;
    }

    @Override
    public Value logits(Forward f) {
        Value h = f.relu(linear(f, 1, f.features(false)));
        for (int l = 2; l < last(); l++) {
            Value x = f.quantize(new Cell(l, Component.EMBEDDING), h);
            h = f.attendCosine(l, l == 2 ? null : f.parameter(beta(l)), x);
        }
        return linear(f, last(), f.quantize(new Cell(last(), Component.EMBEDDING), h));
    }

    private Value linear(Forward f, int layer, Value input) {
        Value w = f.weight(new Cell(layer, Component.WEIGHT));
        return f.addBias(f.matmul(f.dropout(input, config.dropout()), w), f.parameter("L" + layer + ".bias"));
    }

    /** The layers that aggregate: those of propagation, on their input. */
    @Override
    public List<LayerPlan> layers(BitAssignment bits) {
        List<LayerPlan> plans = new ArrayList<>();
        for (int l = 2; l < last(); l++) {
            boolean integers =
                    bits.isPacked(new Cell(l, Component.ATTENTION)) && bits.isInteger(new Cell(l, Component.EMBEDDING));
            plans.add(new LayerPlan(l, Order.AGGREGATE_FIRST, integers));
        }
        return plans;
    }
}
