package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.List;
import org.sgquant.model.Model;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.CellShape;
import org.sgquant.quant.CellSizes;
import org.sgquant.quant.Component;
import org.sgquant.quant.QuantConfig;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;

/**
 * The exact sizes of the packed cells of a model, from shapes and widths alone: nothing is packed.
 *
 * <p>Only data tell how large features in sparse form are: those count as dense unless their bytes are given.
 */
final class PredictedCells implements CellSizes {

    /** A degree bucket of a cell, or all of it (bucket -1), with its share of what the cell stores. */
    record Part(int bucket, long rows, long cols, BitWidth bits, long storedBytes) {}

    private final Model model;
    private final QuantConfig config;
    private final BitAssignment bits;
    private final DegreeBlocks blocks;
    private final Long sparseFeatureBytes;

    /** {@code sparseFeatureBytes} are those of features in sparse form, null where they are dense. */
    PredictedCells(Model model, QuantConfig config, BitAssignment bits, DegreeBlocks blocks, Long sparseFeatureBytes) {
        this.model = model;
        this.config = QuantizedModel.fitted(config, model, bits);
        this.bits = bits;
        this.blocks = blocks;
        this.sparseFeatureBytes = sparseFeatureBytes;
    }

    @Override
    public BitAssignment bits() {
        return bits;
    }

    @Override
    public long payloadBits(CellShape shape) {
        return parts(shape).stream()
                .mapToLong(p -> p.rows() * p.cols() * p.bits().bits())
                .sum();
    }

    @Override
    public long storedBytes(CellShape shape) {
        if (bits.isFp32(shape.cell())) {
            return 0;
        }
        if (form(shape.cell()).equals("sparse")) {
            return sparseFeatureBytes;
        }
        return parts(shape).stream().mapToLong(Part::storedBytes).sum();
    }

    @Override
    public String form(Cell cell) {
        if (bits.isFp32(cell)) {
            return "fp32";
        }
        return QuantConfig.isFeatures(cell) && sparseFeatureBytes != null ? "sparse" : "dense";
    }

    /** The blocks that {@code shape} is stored in as dense codes; of a cell that stays fp32 all of it, 4 bytes a value. */
    List<Part> parts(CellShape shape) {
        Cell cell = shape.cell();
        if (bits.isFp32(cell)) {
            return List.of(new Part(-1, shape.rows(), shape.cols(), BitWidth.FP32, Float.BYTES * shape.values()));
        }
        List<BitWidth> widths = bits.widths(cell);
        int n = widths.size();
        boolean edges = cell.component() == Component.ATTENTION;
        boolean stored = edges && !model.computesAttention();
        Granularity granularity = edges ? Granularity.TENSOR : config.granularity(cell);
        long shared = stored ? 0 : PackedMatrix.tableBytes(n) / n;
        if (cell.component().isWeight()) {
            shared += config.weights().levelBytes(widths.get(0).bits(), shape.cols());
        }
        List<Part> parts = new ArrayList<>();
        for (int b = 0; b < n; b++) {
            int count = rows(shape, b);
            int rows = stored ? 1 : count;
            int cols = stored ? count : shape.cols();
            long bytes = PackedMatrix.storedBytes(rows, cols, widths.get(b), granularity);
            parts.add(new Part(n == 1 ? -1 : b, rows, cols, widths.get(b), bytes + shared));
        }
        return parts;
    }

    private int rows(CellShape shape, int bucket) {
        Component component = shape.cell().component();
        if (component == Component.ATTENTION) {
            return blocks.edges()[bucket];
        }
        return component.hasBuckets() ? blocks.bounds()[bucket + 1] - blocks.bounds()[bucket] : shape.rows();
    }
}
