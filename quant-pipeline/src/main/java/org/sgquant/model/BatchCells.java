package org.sgquant.model;

import org.sgquant.kernels.Backend;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.QuantConfig;
import org.sgquant.quant.QuantizedCells;
import org.sgquant.tensor.QuantScheme;

/** Quantized cells of batches of graphs, whose ranges are common to all batches. */
public final class BatchCells {

    private BatchCells() {}

    /** Cells for the rows of {@code input}, with ranges of their own. */
    public static QuantizedCells of(
            Model model, GraphInput input, BitAssignment bits, QuantConfig config, Backend backend) {
        return new QuantizedCells(
                bits,
                QuantizedModel.fitted(config, model, bits),
                input.fitted(model.cells(bits)),
                source(input),
                scheme -> setFeatureRange(input, scheme),
                backend);
    }

    /** Cells for the rows of {@code input} with the ranges of {@code ranges}. */
    public static QuantizedCells sharing(QuantizedCells ranges, Model model, GraphInput input) {
        return QuantizedCells.sharing(
                ranges,
                input.fitted(model.cells(ranges.bits())),
                source(input),
                scheme -> setFeatureRange(input, scheme));
    }

    private static QuantizedCells.Source source(GraphInput input) {
        return new QuantizedCells.Source(input.hostFeatures(), null, null, input.edgeRowPtr(), input.degrees(), null);
    }

    /** The range of one-hot features, known before any batch is seen: [0, 1], or 1 alone where there is a single tag. */
    static boolean setFeatureRange(GraphInput input, QuantScheme scheme) {
        double least = input.numFeatures() == 1 ? 1 : 0;
        for (QuantScheme.Block block : scheme.blocks()) {
            if (block.bits().isInteger()) {
                for (int i = 0; i < block.params().scale().cols(); i++) {
                    block.params().setRange(i, least, 1, scheme.rounding().steps(block.bits()));
                }
            }
        }
        return true;
    }

    /** A model of {@code start} on {@code input} with the ranges of {@code ranges}; ready to be packed. */
    public static QuantizedModel quantized(
            Model model, GraphInput input, Parameters start, QuantizedCells ranges, Backend backend) {
        QuantizedModel quantized = new QuantizedModel(
                model, input, start, ranges.bits(), ranges.config(), scheme -> setFeatureRange(input, scheme), backend);
        quantized.cells().copyRanges(ranges);
        return quantized;
    }
}
