package org.sgquant.model;

import java.util.ArrayList;
import java.util.List;
import org.sgquant.autograd.Value;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.CellShape;
import org.sgquant.quant.Component;
import org.sgquant.tensor.BitWidth;

/**
 * GraphSAGE with the mean aggregator: {@code h' = relu(norm(D^-1 A (h W) + h W2 + b))}, neither norm nor relu after the last
 * layer; a node without neighbours has the mean 0.
 *
 * <p>The mean is an unweighted sum of the message h W, of integers once it is packed, times 1 / degree. Source: Hamilton,
 * Ying and Leskovec, NeurIPS 2017, the concatenation written as a sum of two products.
 */
public final class Sage implements Model {

    private final SageConfig config;
    private final ModelSizes sizes;

    public Sage(SageConfig config, ModelSizes sizes) {
        this.config = config;
        this.sizes = sizes;
    }

    @Override
    public String name() {
        return config.name();
    }

    /** CSR of A without self loops, and inverse degrees. */
    @Override
    public long graphBytes(ModelSizes sizes) {
        long nodes = sizes.numNodes();
        return Integer.BYTES * (nodes + 1 + sizes.numEdges() - nodes) + Float.BYTES * nodes;
    }

    @Override
    public boolean foldsNorm() {
        return false;
    }

    private int width(int layer) {
        return layer == 0 ? sizes.numFeatures() : layer == config.layers() ? sizes.numClasses() : config.hidden();
    }

    @Override
    public List<Parameters.Spec> parameters() {
        List<Parameters.Spec> specs = new ArrayList<>();
        for (int l = 1; l <= config.layers(); l++) {
            float decay = l == 1 ? config.weightDecay() : 0;
            specs.add(new Parameters.Spec("L" + l + ".weight", width(l - 1), width(l), true, decay));
            specs.add(new Parameters.Spec("L" + l + ".weight2", width(l - 1), width(l), true, decay));
            specs.add(new Parameters.Spec("L" + l + ".bias", 1, width(l), false, decay));
            if (l < config.layers()) {
                specs.addAll(config.normalization().parameters("L" + l + ".norm", width(l)));
            }
        }
        return specs;
    }

    @Override
    public List<CellShape> cells() {
        List<CellShape> cells = new ArrayList<>();
        for (int l = 1; l <= config.layers(); l++) {
            cells.add(new CellShape(new Cell(l, Component.EMBEDDING), sizes.numNodes(), width(l - 1)));
            cells.add(new CellShape(new Cell(l, Component.MESSAGE), sizes.numNodes(), width(l)));
            cells.add(new CellShape(new Cell(l, Component.WEIGHT), width(l - 1), width(l)));
            cells.add(new CellShape(new Cell(l, Component.WEIGHT2), width(l - 1), width(l)));
        }
        return cells;
    }

    @Override
    public Value logits(Forward f) {
        Value h = f.features(false);
        for (int l = 1; l <= config.layers(); l++) {
            Value input = l > 1 ? f.quantize(new Cell(l, Component.EMBEDDING), h) : h;
            Value out = layer(f, l, f.dropout(input, config.dropout()));
            if (l < config.layers()) {
                out = f.relu(f.normalize(config.normalization(), "L" + l + ".norm", l, out));
            }
            h = config.residual() && l > 1 && width(l - 1) == width(l) ? f.addResidual(l, input, out) : out;
        }
        return h;
    }

    private static Value layer(Forward f, int l, Value input) {
        Value message = f.matmul(input, f.weight(new Cell(l, Component.WEIGHT)));
        Value mean = f.meanOfNeighbours(f.quantize(new Cell(l, Component.MESSAGE), message));
        Value own = f.matmul(input, f.weight(new Cell(l, Component.WEIGHT2)));
        return f.addBias(f.add(mean, own), f.parameter("L" + l + ".bias"));
    }

    @Override
    public List<LayerPlan> layers(BitAssignment bits) {
        List<LayerPlan> plans = new ArrayList<>();
        for (int l = 1; l <= config.layers(); l++) {
            Cell summed = new Cell(l, Component.MESSAGE);
            boolean packed = bits.widths(summed).stream().allMatch(BitWidth::isInteger);
            plans.add(new LayerPlan(l, Order.TRANSFORM_FIRST, packed));
        }
        return plans;
    }
}
