package org.sgquant.model;

import java.util.ArrayList;
import java.util.List;
import org.sgquant.autograd.Value;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.CellShape;
import org.sgquant.quant.Component;
import org.sgquant.tensor.PackedLayout;

/**
 * Graph convolutional network: {@code h' = relu(D^-1/2 (A + I) D^-1/2 h W + b)}, no relu after the last layer.
 *
 * <p>The norm is folded: its source half scales messages before they are quantized, its target half scales the sums;
 * or, with {@link GcnConfig.Norm#EDGE}, it is one weight per edge. Source: Kipf and Welling, ICLR 2017.
 */
public final class Gcn implements Model {

    private final GcnConfig config;
    private final ModelSizes sizes;

    public Gcn(GcnConfig config, GraphInput input) {
        this(config, ModelSizes.of(input));
    }

    public Gcn(GcnConfig config, ModelSizes sizes) {
        this.config = config;
        this.sizes = sizes;
    }

    @Override
    public String name() {
        return config.name();
    }

    public GcnConfig config() {
        return config;
    }

    @Override
    public boolean foldsNorm() {
        return !config.edgeNorm();
    }

    private int width(int layer) {
        return layer == 0 ? sizes.numFeatures() : layer == config.layers() ? sizes.numClasses() : config.hidden();
    }

    @Override
    public List<Parameters.Spec> parameters() {
        List<Parameters.Spec> specs = new ArrayList<>();
        for (int l = 1; l <= config.layers(); l++) {
            float decay = l == 1 ? config.weightDecay() : 0;
            specs.add(new Parameters.Spec("L" + l + ".weight", width(l - 1), width(l), Parameters.Start.GLOROT, decay));
            specs.add(new Parameters.Spec("L" + l + ".bias", 1, width(l), Parameters.Start.ZERO, decay));
        }
        return specs;
    }

    @Override
    public List<CellShape> cells() {
        List<CellShape> cells = new ArrayList<>();
        for (int l = 1; l <= config.layers(); l++) {
            cells.add(new CellShape(new Cell(l, Component.EMBEDDING), sizes.numNodes(), width(l - 1)));
            if (config.edgeNorm()) {
                cells.add(new CellShape(new Cell(l, Component.ATTENTION), 1, sizes.numEdges()));
            }
            cells.add(new CellShape(new Cell(l, Component.MESSAGE), sizes.numNodes(), width(l)));
            cells.add(new CellShape(new Cell(l, Component.WEIGHT), width(l - 1), width(l)));
        }
        return cells;
    }

    @Override
    public Value logits(Forward forward) {
        Value h = forward.features(order(1, forward.bits()) == Order.AGGREGATE_FIRST && !config.edgeNorm());
        for (int l = 1; l <= config.layers(); l++) {
            Value out = layer(forward, l, h);
            h = l < config.layers() ? forward.relu(out) : out;
        }
        return h;
    }

    private Value layer(Forward f, int l, Value h) {
        Value w = f.weight(new Cell(l, Component.WEIGHT));
        Value bias = f.parameter("L" + l + ".bias");
        Cell embedding = new Cell(l, Component.EMBEDDING);
        boolean folded = !config.edgeNorm();
        if (order(l, f.bits()) == Order.AGGREGATE_FIRST) {
            Value scaled = folded && l > 1 ? f.scaleBySourceNorm(h) : h;
            Value input = l > 1 ? f.quantize(embedding, scaled) : scaled;
            return f.addBias(f.aggregateThenTransform(l, f.dropout(input, config.dropout()), w, folded), bias);
        }
        Value input = l > 1 ? f.quantize(embedding, h) : h;
        Value message = f.matmul(f.dropout(input, config.dropout()), w);
        if (folded) {
            message = f.scaleBySourceNorm(message);
        }
        Value sum = f.aggregate(l, f.quantize(new Cell(l, Component.MESSAGE), message), folded);
        return f.addBias(folded ? f.scaleByTargetNorm(sum) : sum, bias);
    }

    @Override
    public List<LayerPlan> layers(BitAssignment bits) {
        List<LayerPlan> plans = new ArrayList<>();
        for (int l = 1; l <= config.layers(); l++) {
            Order order = order(l, bits);
            Component summed = order == Order.TRANSFORM_FIRST ? Component.MESSAGE : Component.EMBEDDING;
            boolean packedWeights = !config.edgeNorm() || bits.isPacked(new Cell(l, Component.ATTENTION));
            plans.add(new LayerPlan(l, order, packedWeights && bits.isInteger(new Cell(l, summed))));
        }
        return plans;
    }

    /**
     * A quantized message is always aggregated; an fp32 one only where gathering it and multiplying by W costs less
     * than gathering packed inputs: bytes gathered plus operations of the product, per layer.
     */
    private Order order(int l, BitAssignment bits) {
        Cell embedding = new Cell(l, Component.EMBEDDING);
        if (bits == null || !bits.isFp32(new Cell(l, Component.MESSAGE)) || !bits.isPacked(embedding)) {
            return Order.TRANSFORM_FIRST;
        }
        if (config.order().fixed() != null) {
            return config.order().fixed();
        }
        long packedRow = bits.widths(embedding).stream()
                .mapToLong(width -> PackedLayout.rowStride(width, width(l - 1)))
                .max()
                .orElseThrow();
        long inputBytes = sizes.numEdges() * packedRow;
        long messageBytes = 4L * sizes.numEdges() * width(l);
        return inputBytes < messageBytes ? Order.AGGREGATE_FIRST : Order.TRANSFORM_FIRST;
    }
}
