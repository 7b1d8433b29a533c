package org.sgquant.model;

import java.util.ArrayList;
import java.util.List;
import org.sgquant.autograd.Value;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.CellShape;
import org.sgquant.quant.Component;

/**
 * Graph attention network: {@code h'_i = elu(sum over j of softmax_j(leaky(l_i + r_j)) M_j + b)} with {@code M = h W},
 * {@code l = M a_target}, {@code r = M a_source} per head, over neighbours and self; no elu after the last layer.
 *
 * <p>Hidden layers join the outputs of their heads, the last layer has one head. Scores are computed from the quantized
 * message, so that packed inference takes them from its codes. Source: Velickovic et al., ICLR 2018, equations 1-5.
 */
public final class Gat implements Model {

    /** Slope of LeakyReLU below 0. */
    private static final float SLOPE = 0.2f;

    private final GatConfig config;
    private final ModelSizes sizes;

    public Gat(GatConfig config, ModelSizes sizes) {
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

    private int heads(int layer) {
        return layer == config.layers() ? 1 : config.heads();
    }

    /** Columns of one head. */
    private int width(int layer) {
        return layer == config.layers() ? sizes.numClasses() : config.hidden();
    }

    /** Columns of a layer's output, of the features for layer 0. */
    private int columns(int layer) {
        return layer == 0 ? sizes.numFeatures() : heads(layer) * width(layer);
    }

    @Override
    public List<Parameters.Spec> parameters() {
        List<Parameters.Spec> specs = new ArrayList<>();
        for (int l = 1; l <= config.layers(); l++) {
            specs.add(spec("L" + l + ".weight", columns(l - 1), columns(l), Parameters.Start.GLOROT));
            specs.add(spec(target(l), heads(l), width(l), Parameters.Start.GLOROT));
            specs.add(spec(source(l), heads(l), width(l), Parameters.Start.GLOROT));
            specs.add(spec("L" + l + ".bias", 1, columns(l), Parameters.Start.ZERO));
        }
        return specs;
    }

    private Parameters.Spec spec(String name, int rows, int cols, Parameters.Start start) {
        return new Parameters.Spec(name, rows, cols, start, config.weightDecay());
    }

    private static String target(int layer) {
        return "L" + layer + ".target";
    }

    private static String source(int layer) {
        return "L" + layer + ".source";
    }

    @Override
    public List<CellShape> cells() {
        List<CellShape> cells = new ArrayList<>();
        for (int l = 1; l <= config.layers(); l++) {
            cells.add(new CellShape(new Cell(l, Component.EMBEDDING), sizes.numNodes(), columns(l - 1)));
            cells.add(new CellShape(new Cell(l, Component.ATTENTION), sizes.numEdges(), heads(l)));
            cells.add(new CellShape(new Cell(l, Component.MESSAGE), sizes.numNodes(), columns(l)));
            cells.add(new CellShape(new Cell(l, Component.WEIGHT), columns(l - 1), columns(l)));
        }
        return cells;
    }

    @Override
    public Value logits(Forward f) {
        Value h = f.features(false);
        for (int l = 1; l <= config.layers(); l++) {
            Value input = l > 1 ? f.quantize(new Cell(l, Component.EMBEDDING), h) : h;
            Value transformed = f.matmul(f.dropout(input, config.dropout()), f.weight(new Cell(l, Component.WEIGHT)));
            Value message = f.quantize(new Cell(l, Component.MESSAGE), transformed);
            Value target = f.headProducts(message, f.parameter(target(l)));
            Value source = f.headProducts(message, f.parameter(source(l)));
            Value aggregated = f.dropout(message, config.messageDropout());
            Value sum = f.attendAdditive(l, target, source, SLOPE, aggregated, config.attentionDropout());
            Value out = f.addBias(sum, f.parameter("L" + l + ".bias"));
            h = l < config.layers() ? f.elu(out) : out;
        }
        return h;
    }

    @Override
    public List<LayerPlan> layers(BitAssignment bits) {
        List<LayerPlan> plans = new ArrayList<>();
        for (int l = 1; l <= config.layers(); l++) {
            boolean integers =
                    bits.isPacked(new Cell(l, Component.ATTENTION)) && bits.isInteger(new Cell(l, Component.MESSAGE));
            plans.add(new LayerPlan(l, Order.TRANSFORM_FIRST, integers));
        }
        return plans;
    }
}
