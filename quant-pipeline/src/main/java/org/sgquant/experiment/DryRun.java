package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.List;
import org.sgquant.data.Dataset;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.ModelConfig;
import org.sgquant.model.ModelSizes;
import org.sgquant.model.Parameters;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.CellShape;
import org.sgquant.quant.Component;
import org.sgquant.quant.FeaturesForm;
import org.sgquant.quant.MemoryReport;
import org.sgquant.quant.QuantConfig;
import org.sgquant.report.DryRunReport;

/**
 * The sizes of a model packed under some bits, without training it or packing what it computes.
 *
 * <p>Where the features have few enough values they alone are quantized, since only their codes tell whether and how well
 * the sparse form suits them; then packed inference is laid out too, not run, which gives its peak.
 */
final class DryRun {

    /** Values of features that are quantized in about a second. */
    static final long QUICK_VALUES = 50_000_000;

    private final Lanes lanes;
    private final ModelConfig modelConfig;
    private final QuantConfig config;
    private final long quickValues;

    /** {@code quickValues} is the most values of features that are quantized. */
    DryRun(Lanes lanes, ModelConfig modelConfig, QuantConfig config, long quickValues) {
        this.lanes = lanes;
        this.modelConfig = modelConfig;
        this.config = config;
        this.quickValues = quickValues;
    }

    /** What laying out packed inference tells; {@code sparseFeatureBytes} null where features are not sparse. */
    private record Layout(Long sparseFeatureBytes, Long peakBytes) {}

    DryRunReport report(BitAssignment bits) {
        Dataset dataset = lanes.dataset();
        ModelSizes sizes = ModelSizes.of(dataset, dataset.numClasses());
        Model model = modelConfig.create(sizes);
        FeaturesForm form = QuantizedModel.fitted(config, model, bits).featuresForm();
        boolean packed = !bits.isFp32(new Cell(1, Component.EMBEDDING));
        boolean quick = (long) sizes.numNodes() * sizes.numFeatures() <= quickValues;
        Layout layout = quick || (packed && form == FeaturesForm.SPARSE) ? layout(bits) : new Layout(null, null);
        boolean bounded = layout.peakBytes() == null && packed && form == FeaturesForm.AUTO;
        PredictedCells cells = new PredictedCells(
                model, config, bits, DegreeBlocks.of(bits.buckets(), dataset.degrees()), layout.sparseFeatureBytes());
        List<CellShape> shapes = model.cells(bits);
        long graphBytes = model.graphBytes(sizes);
        long parameterBytes = QuantizedModel.parameterBytes(model);
        return new DryRunReport(
                dataset.name(),
                modelConfig.name(),
                bits.toString(),
                shapes.stream().flatMap(s -> tensors(s, cells).stream()).toList(),
                MemoryReport.of(
                        shapes,
                        cells,
                        graphBytes + parameterBytes,
                        dataset.features().nonZeros()),
                graphBytes,
                parameterBytes,
                layout.peakBytes(),
                bounded
                        ? "the features are counted in dense form; their codes, too many to try here, may take less in"
                                + " the sparse form"
                        : null);
    }

    private Layout layout(BitAssignment bits) {
        return lanes.run(lane -> {
            GraphInput input = lane.input(bits.buckets());
            Model model = modelConfig.create(ModelSizes.of(input));
            try (Parameters parameters = new Parameters(model.parameters(), lane.backend());
                    QuantizedModel laidOut =
                            new QuantizedModel(model, input, parameters, bits, config, null, lane.backend())) {
                long peak = laidOut.pack((cell, codes) -> {}).peakBytes();
                Cell features = new Cell(1, Component.EMBEDDING);
                CellShape shape = model.cells().stream()
                        .filter(s -> s.cell().equals(features))
                        .findFirst()
                        .orElseThrow();
                boolean sparse = laidOut.cells().form(features).equals("sparse");
                return new Layout(sparse ? laidOut.cells().storedBytes(shape) : null, peak);
            }
        });
    }

    private static List<DryRunReport.Tensor> tensors(CellShape shape, PredictedCells cells) {
        Cell cell = shape.cell();
        String form = cells.form(cell);
        List<PredictedCells.Part> parts = cells.parts(shape);
        List<DryRunReport.Tensor> tensors = new ArrayList<>();
        if (form.equals("sparse")) {
            // Its rows have one order of columns and one stream of bits: no bucket has bytes of its own.
            String widths = String.join(
                    ",", parts.stream().map(p -> p.bits().toString()).distinct().toList());
            return List.of(new DryRunReport.Tensor(
                    cell.toString(),
                    shape.rows(),
                    shape.cols(),
                    widths,
                    form,
                    Float.BYTES * shape.values(),
                    cells.storedBytes(shape)));
        }
        for (PredictedCells.Part part : parts) {
            tensors.add(new DryRunReport.Tensor(
                    part.bucket() < 0 ? cell.toString() : cell + "[" + part.bucket() + "]",
                    part.rows(),
                    part.cols(),
                    part.bits().toString(),
                    form,
                    Float.BYTES * part.rows() * part.cols(),
                    part.storedBytes()));
        }
        return tensors;
    }
}
