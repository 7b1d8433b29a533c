package org.sgquant.model;

import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.StageCache;
import org.sgquant.autograd.Tape;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.CellCount;
import org.sgquant.quant.FeatureCodes;
import org.sgquant.quant.FeaturesForm;
import org.sgquant.quant.MemoryReport;
import org.sgquant.quant.QuantConfig;
import org.sgquant.quant.QuantizedCells;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/**
 * A model under one bit assignment on one graph: parameters, quantized cells, and once packed its inference.
 *
 * <p>The graph must be relabelled by the assignment's degree buckets, if it has any.
 */
public final class QuantizedModel implements AutoCloseable {

    private final Backend backend;
    private final Model model;
    private final GraphInput input;
    private final Parameters parameters;
    private final QuantizedCells cells;
    private boolean givenOut;
    private Known known;
    private PackedInference inference;

    /** Where the stages of this model may be known, and the start whose parameters it has. */
    private record Known(StageCache stages, Object start) {}

    /**
     * A copy of {@code start} to be quantized under {@code bits}; features and edge weights are packed here, with the
     * ranges that {@code featureRanges} sets, or with ranges of their own where it is null or answers false.
     */
    public QuantizedModel(
            Model model,
            GraphInput input,
            Parameters start,
            BitAssignment bits,
            QuantConfig config,
            Predicate<QuantScheme> featureRanges,
            Backend backend) {
        this(model, input, start, bits, config, featureRanges, null, backend);
    }

    /** The same with features from {@code known}, null to quantize them anew, where they have ranges of their own. */
    public QuantizedModel(
            Model model,
            GraphInput input,
            Parameters start,
            BitAssignment bits,
            QuantConfig config,
            Predicate<QuantScheme> featureRanges,
            FeatureCodes known,
            Backend backend) {
        this.backend = backend;
        this.model = model;
        this.input = input;
        this.parameters = new Parameters(model.parameters(), backend);
        this.parameters.copyFrom(start);
        boolean scaled = aggregatesFeatures(model, bits) && model.foldsNorm();
        QuantizedCells.Source source = new QuantizedCells.Source(
                input.hostFeatures(),
                scaled ? input.normOnHost() : null,
                model.foldsNorm() || model.computesAttention() ? null : input.edgeNorm(),
                input.edgeRowPtr(),
                input.degrees(),
                known);
        this.cells = new QuantizedCells(
                bits, fitted(config, model, bits), model.cells(bits), source, featureRanges, backend);
    }

    /**
     * {@code config} as it applies under {@code bits}: features that are summed need a scale common to a bucket, and the
     * dense form where edges have weights.
     */
    public static QuantConfig fitted(QuantConfig config, Model model, BitAssignment bits) {
        if (model.computesAttention() && config.innerGranularity() == Granularity.ROW_CODE) {
            throw new IllegalArgumentException(
                    "granularity rowcode: messages that attention weighs cannot have codes of" + " their rows in model "
                            + model.name() + "; choose tensor, bucket or column");
        }
        if (!aggregatesFeatures(model, bits)) {
            return config;
        }
        QuantConfig fitted = config.featuresGranularity() == Granularity.ROW
                ? config.withFeaturesGranularity(Granularity.BUCKET)
                : config;
        if (!model.foldsNorm() && config.featuresForm() == FeaturesForm.SPARSE) {
            throw new IllegalArgumentException("features form sparse: features that are summed with edge weights need"
                    + " form auto or dense, or order transform-first");
        }
        return model.foldsNorm() ? fitted : fitted.withFeaturesForm(FeaturesForm.DENSE);
    }

    private static boolean aggregatesFeatures(Model model, BitAssignment bits) {
        return model.layers(bits).stream().anyMatch(l -> l.layer() == 1 && l.order() == Model.Order.AGGREGATE_FIRST);
    }

    public Model model() {
        return model;
    }

    public GraphInput input() {
        return input;
    }

    /** fp32 parameters, the ones that fine-tuning changes. */
    public Parameters parameters() {
        giveOut();
        return parameters;
    }

    public QuantizedCells cells() {
        giveOut();
        return cells;
    }

    /** Who has the parameters or the ranges may change them, so that they need no longer be what a cache knows. */
    private void giveOut() {
        givenOut = true;
        known = null;
    }

    public BitAssignment bits() {
        return cells.bits();
    }

    /**
     * Sets every range from the parameters as they are, no fine-tuning between; what {@code stages} has of other models of
     * {@code start}, which stands for these parameters on this graph, is not computed again, by {@link #run} neither.
     *
     * @throws NonFiniteException where a tensor is not finite
     * @throws IllegalStateException where parameters or cells were given out before, so that they may be others
     * @throws IllegalArgumentException where weights have levels of their own, which more than their widths decides
     */
    public void calibrate(StageCache stages, Object start) {
        if (givenOut) {
            throw new IllegalStateException("calibrate with a cache before parameters or cells are given out");
        }
        if (!cells.config().weights().isAffine()) {
            throw new IllegalArgumentException("calibrate with a cache: got weights "
                    + cells.config().weights() + ", expected weights with a scale per column");
        }
        known = null;
        closeInference();
        Tape tape = new Tape();
        Forward forward = new Forward(tape, Phase.CALIBRATE, input, parameters, cells, null);
        model.logits(forward);
        tape.dropUnread();
        try (Memory memory = backend.newMemory("calibration");
                Plan plan = Plan.compile(tape, backend, memory)) {
            plan.run(stages, forward.stages(start, structure()));
            backend.finish();
        }
        known = new Known(stages, start);
    }

    /** What of an assignment decides the steps of a pass, apart from the widths that they meet. */
    private String structure() {
        List<Cell> fp32 = model.cellNames().stream().filter(bits()::isFp32).toList();
        return model.layers(bits()) + " " + Arrays.toString(bits().buckets().splits()) + " " + fp32;
    }

    /** Logits of {@link PackedInference#run()}; of a model as {@link #calibrate} left it what is known is not computed again. */
    public float[][] run() {
        return known == null ? inference().run() : inference().run(known.stages(), known.start(), structure());
    }

    /** Stores the weights as codes under the ranges as they are and readies packed inference. */
    public PackedInference pack() {
        return packWith((cell, codes) ->
                cells.packWeight(cell, parameters.get(cell.toString()).value()));
    }

    /** Readies packed inference with weights whose codes {@code writer} writes. */
    public PackedInference pack(BiConsumer<Cell, PackedMatrix> writer) {
        giveOut();
        return packWith(writer);
    }

    private PackedInference packWith(BiConsumer<Cell, PackedMatrix> writer) {
        for (Cell cell : model.cellNames()) {
            if (cell.component().isWeight() && !bits().isFp32(cell)) {
                writer.accept(cell, cells.weightStore(cell));
            }
        }
        closeInference();
        inference = new PackedInference(model, input, parameters, cells, backend);
        return inference;
    }

    /** The inference of {@link #pack}. */
    public PackedInference inference() {
        if (inference == null) {
            throw new IllegalStateException("pack the model before running packed inference");
        }
        return inference;
    }

    /** What the packed model stores, and what of the graph its inference reads. */
    public MemoryReport memory() {
        return MemoryReport.of(model.cells(bits()), cells, otherBytes(), input.featureNonZeros());
    }

    /** Values, bits and bytes of every cell, in the order of the model. */
    public List<CellCount> cellCounts() {
        return cells.counts(model.cells(bits()));
    }

    /** What inference reads of the graph, and parameters that have no cell. */
    private long otherBytes() {
        return parameterBytes(model) + inference().graphBytes();
    }

    /** Bytes of the parameters of {@code model} that have no cell and so stay fp32. */
    public static long parameterBytes(Model model) {
        List<String> withCell = model.cellNames().stream().map(Cell::toString).toList();
        return model.parameters().stream()
                .filter(p -> !withCell.contains(p.name()))
                .mapToLong(p -> 4L * p.rows() * p.cols())
                .sum();
    }

    /** SHA-256 of the codes of every packed tensor. */
    public SortedMap<String, String> codesSha256() {
        return inference().codesSha256();
    }

    /** Its codes are those of ranges that end now. */
    private void closeInference() {
        if (inference != null) {
            inference.close();
            inference = null;
        }
    }

    @Override
    public void close() {
        closeInference();
        cells.close();
        parameters.close();
    }
}
