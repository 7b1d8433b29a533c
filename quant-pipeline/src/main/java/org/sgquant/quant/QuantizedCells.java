package org.sgquant.quant;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.sgquant.data.Features;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.Transfer;
import org.sgquant.kernels.reference.ReferencePackedOps;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.PackedTensor;
import org.sgquant.tensor.QuantParams;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.SparsePackedMatrix;
import org.sgquant.tensor.SparsePacker;

/**
 * Everything quantized of one model under one {@link BitAssignment}: schemes of all cells, and the codes of those that
 * do not depend on the weights being trained (features, edge weights) or are packed once training is over (weights).
 *
 * <p>{@link #packedBytes} is what packed inference keeps; fake-quantized copies live in a memory of their own.
 */
public final class QuantizedCells implements CellSizes, AutoCloseable {

    /**
     * What quantization needs to know of the graph, on the host: features (with a factor per row or null), the weight
     * of each edge (null where the model has none or computes them), row pointers of these edges, and the nodes' degrees;
     * and the features as they were quantized before, null where nothing is kept of that.
     */
    public record Source(
            Features features,
            float[] featureFactor,
            float[] edgeWeights,
            int[] edgeRowPtr,
            int[] degrees,
            FeatureCodes known) {}

    /** A tensor in both forms: the codes, and the floats they stand for. */
    public record Quantized<P>(P packed, FloatMatrix fakeQuantized) {}

    private final Backend backend;
    private final BitAssignment bits;
    private final QuantConfig config;
    private final int[] bounds;
    private final Memory packedMemory;
    private final Memory fakeMemory;
    private final Map<Cell, QuantScheme> schemes = new TreeMap<>();
    private final Map<Cell, Quantized<EdgeWeights>> attention = new TreeMap<>();
    private final Map<Cell, PackedMatrix> weights = new TreeMap<>();
    private final Map<Cell, LearnedRanges> learnedRanges = new TreeMap<>();
    private final FloatMatrix protection;
    private final Map<Cell, FloatMatrix> tops = new TreeMap<>();
    private final Map<Cell, FloatMatrix> coordinates = new TreeMap<>();
    private Quantized<PackedTensor> features;
    private long sharedBytes;

    /**
     * Creates schemes for {@code shapes} and packs features and edge weights; the ranges of the features are set by
     * {@code featureRanges}, or come from the features themselves where it is null or answers false.
     */
    public QuantizedCells(
            BitAssignment bits,
            QuantConfig config,
            List<CellShape> shapes,
            Source source,
            Predicate<QuantScheme> featureRanges,
            Backend backend) {
        this(bits, config, shapes, source, featureRanges, null, backend);
    }

    /** Cells of other rows whose ranges, but for the features, are those of {@code ranges} and change with them. */
    public static QuantizedCells sharing(
            QuantizedCells ranges, List<CellShape> shapes, Source source, Predicate<QuantScheme> featureRanges) {
        return new QuantizedCells(ranges.bits, ranges.config, shapes, source, featureRanges, ranges, ranges.backend);
    }

    private QuantizedCells(
            BitAssignment bits,
            QuantConfig config,
            List<CellShape> shapes,
            Source source,
            Predicate<QuantScheme> featureRanges,
            QuantizedCells ranges,
            Backend backend) {
        this.backend = backend;
        this.bits = bits;
        this.config = config;
        this.bounds = bits.buckets().bounds(source.degrees());
        this.packedMemory = backend.newMemory("packed tensors");
        this.fakeMemory = backend.newMemory("fake-quantized tensors");
        for (CellShape shape : shapes) {
            Cell cell = shape.cell();
            if (QuantConfig.isFeatures(cell) && !bits.isFp32(cell)) {
                features = features(shape, source, featureRanges);
            } else if (cell.component() == Component.ATTENTION && source.edgeWeights() != null) {
                attention.put(cell, quantizeEdges(cell, source));
            } else if (cell.component() == Component.ATTENTION && !bits.isFp32(cell)) {
                schemes.put(cell, attentionScheme(shape, source.edgeRowPtr()));
            } else if (!bits.isFp32(cell)) {
                schemes.put(cell, ranges == null ? newScheme(shape, packedMemory) : shared(shape, ranges.scheme(cell)));
                if (cell.component().isWeight() && !config.weights().isAffine()) {
                    addLevels(shape, ranges);
                }
            }
        }
        this.protection = config.qat().protection().isOff()
                ? null
                : new Transfer(backend, fakeMemory)
                        .vector(config.qat().protection().probabilities(source.degrees()));
        if (config.qat().learnedSteps()) {
            // Codes of powers of two and of sums of signs are whole numbers: there is no step to learn.
            schemes.forEach((cell, scheme) -> {
                if (!cell.component().isWeight() || config.weights().isAffine()) {
                    learnedRanges.put(cell, LearnedRanges.allocate(fakeMemory, scheme));
                }
            });
        }
    }

    /** Codes of powers of two and of signs are stored as whole numbers: scale 1, offset 0. Adds what their levels are made of. */
    private void addLevels(CellShape shape, QuantizedCells ranges) {
        Cell cell = shape.cell();
        bits.widths(cell).forEach(config.weights()::requireWidth);
        if (config.weights().multibit()) {
            coordinates.put(
                    cell,
                    ranges == null
                            ? FloatMatrix.allocate(packedMemory, weightBits(cell), shape.cols())
                            : ranges.coordinates(cell));
        } else {
            tops.put(cell, FloatMatrix.allocate(packedMemory, 1, 1));
        }
        schemes.get(cell)
                .blocks()
                .forEach(b ->
                        Transfer.copy(backend, new float[][] {{1}}, b.params().scale()));
    }

    private QuantScheme newScheme(CellShape shape, Memory memory) {
        Cell cell = shape.cell();
        return QuantScheme.create(
                memory,
                cell.toString(),
                blockBounds(shape),
                shape.cols(),
                bits.widths(cell),
                config.granularity(cell),
                config.rounding());
    }

    /** First row of each block and the end: of degree buckets, where the rows are nodes and there is more than one. */
    private int[] blockBounds(CellShape shape) {
        boolean whole = bounds.length == 2 || !shape.cell().component().hasBuckets();
        return whole ? new int[] {0, shape.rows()} : bounds;
    }

    private QuantScheme shared(CellShape shape, QuantScheme ranges) {
        int[] rows = blockBounds(shape);
        List<QuantScheme.Block> blocks = new ArrayList<>();
        for (int b = 0; b + 1 < rows.length; b++) {
            QuantScheme.Block block = ranges.blocks().get(b);
            blocks.add(new QuantScheme.Block(rows[b], rows[b + 1], block.bits(), block.params()));
        }
        return new QuantScheme(ranges.name(), ranges.cols(), ranges.granularity(), ranges.rounding(), blocks);
    }

    /** Softmaxed attention, a row per edge: a block per degree bucket of the target with the range [0, 1]. */
    private QuantScheme attentionScheme(CellShape shape, int[] edgeRowPtr) {
        Cell cell = shape.cell();
        int[] edges = Arrays.stream(bounds).map(row -> edgeRowPtr[row]).toArray();
        QuantScheme scheme = QuantScheme.create(
                packedMemory,
                cell.toString(),
                edges,
                shape.cols(),
                bits.widths(cell),
                Granularity.TENSOR,
                config.rounding());
        for (QuantScheme.Block block : scheme.blocks()) {
            float scale = block.bits().isPacked() ? 1f / config.rounding().steps(block.bits()) : 1;
            Transfer.copy(backend, new float[][] {{scale}}, block.params().scale());
        }
        return scheme;
    }

    private Quantized<PackedTensor> features(CellShape shape, Source source, Predicate<QuantScheme> ranges) {
        if (source.known() == null || ranges != null) {
            return quantizeFeatures(shape, source, ranges, packedMemory, fakeMemory);
        }
        FeatureCodes.Key key =
                new FeatureCodes.Key(bits.buckets(), bits.widths(shape.cell()), source.featureFactor() != null, config);
        Quantized<PackedTensor> known =
                source.known().get(key, (packed, fake) -> quantizeFeatures(shape, source, null, packed, fake));
        sharedBytes = source.known().packedBytes(key);
        return known;
    }

    private Quantized<PackedTensor> quantizeFeatures(
            CellShape shape, Source source, Predicate<QuantScheme> ranges, Memory codes, Memory floats) {
        try (HostMemory host = new HostMemory()) {
            QuantScheme scheme = newScheme(shape, host);
            Transfer packedTransfer = new Transfer(backend, codes);
            Transfer fakeTransfer = new Transfer(backend, floats);
            return switch (source.features()) {
                case Features.Sparse sparse -> {
                    FeatureQuantizer quantizer = new FeatureQuantizer(sparse.matrix(), source.featureFactor(), scheme);
                    if (ranges == null || !ranges.test(scheme)) {
                        quantizer.calibrate(calibration(shape.cell()));
                    }
                    yield new Quantized<>(
                            stored(quantizer.pack(host), packedTransfer, host),
                            fakeTransfer.vector(quantizer.fakeQuantized()));
                }
                case Features.Dense dense -> {
                    FloatMatrix scaled = scaled(dense.matrix(), source.featureFactor(), host);
                    PackedMatrix packed = PackedMatrix.allocate(host, scheme);
                    PackedOps reference = new ReferencePackedOps();
                    if (ranges == null || !ranges.test(scheme)) {
                        reference.calibrate(scaled, scheme, calibration(shape.cell()));
                    }
                    reference.pack(scaled, packed);
                    reference.unpack(packed, scaled);
                    yield new Quantized<>(stored(packed, packedTransfer, host), fakeTransfer.matrix(scaled));
                }
            };
        }
    }

    /** The codes in the form that is asked for, on the device. */
    private PackedTensor stored(PackedMatrix dense, Transfer transfer, HostMemory host) {
        FeaturesForm form = config.featuresForm();
        if (form == FeaturesForm.DENSE || (form == FeaturesForm.AUTO && !SparsePacker.suits(dense.scheme()))) {
            return transfer.packed(dense);
        }
        SparsePackedMatrix sparse = SparsePacker.encode(dense, host);
        return form == FeaturesForm.AUTO && sparse.storedBytes() >= dense.storedBytes()
                ? transfer.packed(dense)
                : transfer.sparsePacked(sparse);
    }

    private static FloatMatrix scaled(FloatMatrix x, float[] factor, HostMemory host) {
        FloatMatrix out = FloatMatrix.allocate(host, x.rows(), x.cols());
        out.copyFrom(x);
        for (int r = 0; factor != null && r < x.rows(); r++) {
            for (int c = 0; c < x.cols(); c++) {
                out.set(r, c, factor[r] * x.get(r, c));
            }
        }
        return out;
    }

    /** One part per degree bucket of the target; ranges start at 0, so that the weight is scale times code. */
    private Quantized<EdgeWeights> quantizeEdges(Cell cell, Source source) {
        try (HostMemory host = new HostMemory()) {
            Transfer transfer = new Transfer(backend, packedMemory);
            PackedOps reference = new ReferencePackedOps();
            List<EdgeWeights.Part> parts = new ArrayList<>();
            float[] fake = new float[source.edgeWeights().length];
            for (int b = 0; b + 1 < bounds.length; b++) {
                int from = source.edgeRowPtr()[bounds[b]];
                int to = source.edgeRowPtr()[bounds[b + 1]];
                BitWidth width = bits.widths(cell).get(b);
                FloatMatrix values = FloatMatrix.allocate(host, 1, to - from);
                float max = 0;
                for (int e = from; e < to; e++) {
                    values.set(0, e - from, source.edgeWeights()[e]);
                    max = Math.max(max, source.edgeWeights()[e]);
                }
                int[] oneRow = {0, 1};
                QuantScheme scheme = QuantScheme.create(
                        host,
                        cell.toString(),
                        oneRow,
                        to - from,
                        List.of(width),
                        Granularity.TENSOR,
                        config.rounding());
                scheme.blocks()
                        .get(0)
                        .params()
                        .scale()
                        .set(
                                0,
                                0,
                                max > 0 && width.isPacked()
                                        ? max / config.rounding().steps(width)
                                        : 1);
                PackedMatrix packed = PackedMatrix.allocate(host, scheme);
                reference.pack(values, packed);
                for (int e = from; e < to; e++) {
                    fake[e] = packed.value(0, e - from);
                }
                parts.add(new EdgeWeights.Part(bounds[b], bounds[b + 1], from, transfer.packed(packed)));
            }
            return new Quantized<>(new EdgeWeights(parts), new Transfer(backend, fakeMemory).vector(fake));
        }
    }

    /** Takes over the ranges, those of the features apart, of cells with the same widths. */
    public void copyRanges(QuantizedCells from) {
        schemes.forEach((cell, scheme) -> {
            for (int b = 0; b < scheme.blocks().size(); b++) {
                QuantParams source = from.schemes.get(cell).blocks().get(b).params();
                QuantParams target = scheme.blocks().get(b).params();
                backend.elementwise().copy(source.scale(), target.scale());
                backend.elementwise().copy(source.offset(), target.offset());
            }
        });
        coordinates.forEach((cell, a) -> backend.elementwise().copy(from.coordinates(cell), a));
    }

    @Override
    public BitAssignment bits() {
        return bits;
    }

    public QuantConfig config() {
        return config;
    }

    /** Packed and fake-quantized input features, null where they stay fp32. */
    public Quantized<PackedTensor> features() {
        return features;
    }

    public Quantized<EdgeWeights> attention(Cell cell) {
        return attention.get(cell);
    }

    /** Attention cells whose weights are codes known before inference. */
    public List<Cell> attentionCells() {
        return attention.keySet().stream().filter(c -> !bits.isFp32(c)).toList();
    }

    /** Scheme of a cell computed from the features, or of a weight. */
    public QuantScheme scheme(Cell cell) {
        return schemes.get(cell);
    }

    public Map<Cell, QuantScheme> schemes() {
        return schemes;
    }

    /**
     * Scales and offsets that are trained, by cell; none unless steps are learned. Those of attention stay as they are: its
     * codes stand for shares of their sum. What it has of this is the error.
     */
    public Map<Cell, LearnedRanges> learnedRanges() {
        return learnedRanges;
    }

    /** Probability that a node is protected in a step of fine-tuning, 1 x N; null where none is. */
    public FloatMatrix protection() {
        return protection;
    }

    /** Scale and offset of every block of {@link #schemes}, in the order of the cells, then what levels of weights are made of. */
    public List<FloatMatrix> ranges() {
        Stream<FloatMatrix> params = schemes.values().stream()
                .flatMap(s -> s.blocks().stream())
                .flatMap(b -> Stream.of(b.params().scale(), b.params().offset()));
        Stream<FloatMatrix> levels = Stream.concat(tops.values().stream(), coordinates.values().stream());
        return Stream.concat(params, levels).toList();
    }

    /** Scales and offsets of {@code cell} alone; none where its codes have fixed ones or are not of {@link #schemes}. */
    public List<FloatMatrix> ranges(Cell cell) {
        return !schemes.containsKey(cell)
                ? List.of()
                : schemes.get(cell).blocks().stream()
                        .flatMap(b -> Stream.of(b.params().scale(), b.params().offset()))
                        .toList();
    }

    public Calibration calibration(Cell cell) {
        return config.calibration(cell);
    }

    /** The highest level of a weight made of powers of two, 1 x 1, null where it has affine codes. */
    public FloatMatrix top(Cell cell) {
        return tops.get(cell);
    }

    /** Highest levels of the weights made of powers of two, by cell. */
    public Map<Cell, FloatMatrix> tops() {
        return tops;
    }

    /** Coordinates of a weight made of sums of signs, k x F, null where it has other codes. */
    public FloatMatrix coordinates(Cell cell) {
        return coordinates.get(cell);
    }

    /** Coordinates of the weights made of sums of signs, by cell. */
    public Map<Cell, FloatMatrix> coordinates() {
        return coordinates;
    }

    /** Width of a weight. */
    public int weightBits(Cell cell) {
        return bits.widths(cell).get(0).bits();
    }

    /** Stores the codes of {@code w} under the ranges, highest level or coordinates as they are. */
    public void packWeight(Cell cell, FloatMatrix w) {
        if (config.weights().isAffine()) {
            backend.packed().pack(w, weightStore(cell));
            return;
        }
        try (Memory memory = backend.newMemory("codes")) {
            FloatMatrix codes = FloatMatrix.allocate(memory, w.rows(), w.cols());
            if (config.weights().multibit()) {
                backend.multibit().encode(w, coordinates(cell), codes);
            } else {
                backend.powers().encodePowers(w, top(cell), weightBits(cell), codes);
            }
            backend.packed().pack(codes, weightStore(cell));
            backend.finish();
        }
    }

    /** Where the codes of a weight are stored, created when first asked for. */
    public PackedMatrix weightStore(Cell cell) {
        return weights.computeIfAbsent(cell, c -> PackedMatrix.allocate(packedMemory, schemes.get(c)));
    }

    public PackedMatrix weight(Cell cell) {
        return weights.get(cell);
    }

    /** Packed weights by cell. */
    public Map<Cell, PackedMatrix> weights() {
        return weights;
    }

    /** A scheme of one 32-bit block: {@code rows x cols} floats in packed form. */
    public QuantScheme fp32Scheme(int rows, int cols) {
        return QuantScheme.uniform(packedMemory, "fp32", rows, cols, BitWidth.FP32, Granularity.TENSOR);
    }

    @Override
    public String form(Cell cell) {
        if (bits.isFp32(cell)) {
            return "fp32";
        }
        return QuantConfig.isFeatures(cell) && features.packed() instanceof SparsePackedMatrix ? "sparse" : "dense";
    }

    @Override
    public long storedBytes(CellShape shape) {
        Cell cell = shape.cell();
        if (QuantConfig.isFeatures(cell) && features != null) {
            return features.packed().storedBytes();
        }
        if (attention.containsKey(cell)) {
            return bits.isFp32(cell) ? 0 : attention.get(cell).packed().storedBytes();
        }
        QuantScheme scheme = schemes.get(cell);
        if (scheme == null) {
            return 0;
        }
        long levels = cell.component().isWeight() ? config.weights().levelBytes(weightBits(cell), scheme.cols()) : 0;
        return PackedMatrix.storedBytes(scheme) + levels;
    }

    @Override
    public long payloadBits(CellShape shape) {
        Cell cell = shape.cell();
        if (bits.isFp32(cell)) {
            return 32 * shape.values();
        }
        if (QuantConfig.isFeatures(cell)) {
            return features.packed().payloadBits();
        }
        if (attention.containsKey(cell)) {
            return attention.get(cell).packed().parts().stream()
                    .mapToLong(p -> p.codes().scheme().payloadBits())
                    .sum();
        }
        return schemes.get(cell).payloadBits();
    }

    /** Values, bits and bytes of each of {@code shapes}. */
    public List<CellCount> counts(List<CellShape> shapes) {
        return shapes.stream().map(shape -> CellCount.of(shape, this)).toList();
    }

    /** Bytes allocated for packed features, edge weights, weights and all scales. */
    public long packedBytes() {
        return packedMemory.allocatedBytes() + sharedBytes;
    }

    @Override
    public void close() {
        packedMemory.close();
        fakeMemory.close();
    }
}
