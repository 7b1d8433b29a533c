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
 * Graph isomorphism network: {@code h' = relu(norm(relu(norm((A + I) h W + b)) W2 + b2))}, read out as the sum over all
 * layers, the features included, of {@code pool(h) R}, plus a bias; pool is the identity where nodes are classified. With {@code readOut: mlp} that sum z goes
 * through a hidden layer, {@code relu(norm(z + b)) R'}.
 *
 * <p>The epsilon of the paper is 0, so (A + I) h is an unweighted sum: of codes, before any product. Cells of layer l:
 * its input {@code embedding}, {@code hidden} between the two products, {@code weight} and {@code weight2}; layer
 * {@code layers + 1} has the embedding that only the last read-out uses. Source: Xu et al., ICLR 2019.
 */
public final class Gin implements Model {

    private final GinConfig config;
    private final ModelSizes sizes;

    public Gin(GinConfig config, ModelSizes sizes) {
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

    private int width(int layer) {
        return layer == 0 ? sizes.numFeatures() : config.hidden();
    }

    @Override
    public List<Parameters.Spec> parameters() {
        List<Parameters.Spec> specs = new ArrayList<>();
        for (int l = 1; l <= config.layers(); l++) {
            specs.add(weight("L" + l + ".weight", width(l - 1), width(l)));
            specs.add(new Parameters.Spec("L" + l + ".bias", 1, width(l), false, 0));
            specs.addAll(config.normalization().parameters("L" + l + ".norm", width(l)));
            specs.add(weight("L" + l + ".weight2", width(l), width(l)));
            specs.add(new Parameters.Spec("L" + l + ".bias2", 1, width(l), false, 0));
            specs.addAll(config.normalization().parameters("L" + l + ".norm2", width(l)));
        }
        boolean mlp = config.readOut() == GinConfig.ReadOut.MLP;
        int scores = mlp ? config.hidden() : sizes.numClasses();
        for (int l = 1; l <= config.layers() + 1; l++) {
            specs.add(weight("L" + l + ".readout", width(l - 1), scores));
        }
        if (mlp) {
            specs.add(new Parameters.Spec("readout.bias", 1, scores, false, 0));
            specs.addAll(config.normalization().parameters("readout.norm", scores));
            specs.add(weight("readout.weight", scores, sizes.numClasses()));
        }
        specs.add(new Parameters.Spec(config.outputBias(), 1, sizes.numClasses(), false, 0));
        return specs;
    }

    private Parameters.Spec weight(String name, int rows, int cols) {
        return new Parameters.Spec(name, rows, cols, true, config.weightDecay());
    }

    @Override
    public List<CellShape> cells() {
        List<CellShape> cells = new ArrayList<>();
        int nodes = sizes.numNodes();
        for (int l = 1; l <= config.layers(); l++) {
            cells.add(new CellShape(new Cell(l, Component.EMBEDDING), nodes, width(l - 1)));
            cells.add(new CellShape(new Cell(l, Component.HIDDEN), nodes, width(l)));
            cells.add(new CellShape(new Cell(l, Component.WEIGHT), width(l - 1), width(l)));
            cells.add(new CellShape(new Cell(l, Component.WEIGHT2), width(l), width(l)));
        }
        int last = config.layers() + 1;
        cells.add(new CellShape(new Cell(last, Component.EMBEDDING), nodes, width(last - 1)));
        return cells;
    }

    @Override
    public Value logits(Forward f) {
        Value h = f.features(false);
        Value out = readOut(f, 1, h);
        for (int l = 1; l <= config.layers(); l++) {
            Value next = layer(f, l, h);
            if (config.residual() && width(l - 1) == width(l)) {
                next = f.addResidual(l, h, next);
            }
            h = f.quantize(new Cell(l + 1, Component.EMBEDDING), next);
            out = f.add(out, readOut(f, l + 1, h));
        }
        return f.addBias(scores(f, out), f.parameter(config.outputBias()));
    }

    private Value scores(Forward f, Value read) {
        if (config.readOut() == GinConfig.ReadOut.LINEAR) {
            return read;
        }
        Value z = f.addBias(read, f.parameter("readout.bias"));
        Value hidden = f.relu(f.normalizeOutputs(config.normalization(), "readout.norm", z));
        return f.matmul(f.dropout(hidden, config.dropout()), f.parameter("readout.weight"));
    }

    private Value layer(Forward f, int l, Value h) {
        String name = "L" + l;
        Value w = f.weight(new Cell(l, Component.WEIGHT));
        Value sum = f.addBias(f.sumThenTransform(l, h, w), f.parameter(name + ".bias"));
        Value hidden = f.relu(f.normalize(config.normalization(), name + ".norm", l, sum));
        Value w2 = f.weight(new Cell(l, Component.WEIGHT2));
        Value out = f.matmul(f.quantize(new Cell(l, Component.HIDDEN), hidden), w2);
        Value biased = f.addBias(out, f.parameter(name + ".bias2"));
        return f.relu(f.normalize(config.normalization(), name + ".norm2", l, biased));
    }

    /** What layer {@code l} reads, pooled and weighed. */
    private Value readOut(Forward f, int l, Value h) {
        Value w = f.parameter("L" + l + ".readout");
        boolean mean = config.pooling() == GinConfig.Pooling.MEAN;
        Value read = f.poolThenTransform(l - 1, h, w, mean);
        return config.readOut() == GinConfig.ReadOut.LINEAR ? f.dropout(read, config.dropout()) : read;
    }

    @Override
    public List<LayerPlan> layers(BitAssignment bits) {
        List<LayerPlan> plans = new ArrayList<>();
        for (int l = 1; l <= config.layers() + 1; l++) {
            Cell summed = new Cell(l, Component.EMBEDDING);
            boolean packed = bits.widths(summed).stream().allMatch(BitWidth::isInteger);
            plans.add(new LayerPlan(l, Order.AGGREGATE_FIRST, packed));
        }
        return plans;
    }
}
