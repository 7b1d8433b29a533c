package org.sgquant.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sgquant.autograd.AttentionFunctions;
import org.sgquant.autograd.ClipMask;
import org.sgquant.autograd.LearnedQuantFunctions;
import org.sgquant.autograd.MultibitFunctions;
import org.sgquant.autograd.NormFunctions;
import org.sgquant.autograd.PackedAttentionFunctions;
import org.sgquant.autograd.PowerFunctions;
import org.sgquant.autograd.ProtectionFunctions;
import org.sgquant.autograd.StageCache;
import org.sgquant.autograd.Tape;
import org.sgquant.autograd.Value;
import org.sgquant.kernels.BatchNorm;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.Multiplicity;
import org.sgquant.kernels.StepState;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.Component;
import org.sgquant.quant.QuantConfig;
import org.sgquant.quant.QuantizedCells;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Sparsity;

/**
 * The words in which a model describes its forward pass, and what they mean in one {@link Phase}.
 *
 * <p>Written once per model; in fp32 phases {@link #quantize} does nothing, in fine-tuning it is fake quantization, in
 * packed inference it stores codes, on which {@link #matmul} and {@link #aggregate} then work directly.
 */
public final class Forward {

    /** Random stream of the protective mask, far from those of dropout: one mask a step, shared by all cells. */
    private static final int PROTECTION_STREAM = 1 << 16;

    private final Tape tape;
    private final Phase phase;
    private final GraphInput input;
    private final Parameters parameters;
    private final QuantizedCells cells;
    private final StepState state;
    private final Substitute substitute;
    private final Map<String, Value> parameterValues = new HashMap<>();
    private final Map<Value, Value> factors = new HashMap<>();
    private final IdentityHashMap<Object, Long> graphReads = new IdentityHashMap<>();
    private final List<CellUse> uses = new ArrayList<>();
    private final Map<Cell, CellValue> cellValues = new TreeMap<>();
    private int dropoutStreams;

    /** The tensor of a cell in floats, before quantization and after; the same where it is not quantized. */
    public record CellValue(Value exact, Value quantized) {}

    /** A cell whose width decides steps from {@code step} on, and none before. */
    private record CellUse(int step, Cell cell) {}

    private record StageKey(Object start, QuantConfig config, String steps) {}

    /** What stands for the tensor of a cell in place of its fake quantization. */
    @FunctionalInterface
    public interface Substitute {
        Value of(Tape tape, Cell cell, Value x);
    }

    /** {@code cells} is null in fp32 phases, {@code state} may be null where there is no dropout. */
    public Forward(
            Tape tape, Phase phase, GraphInput input, Parameters parameters, QuantizedCells cells, StepState state) {
        this(tape, phase, input, parameters, cells, state, null);
    }

    private Forward(
            Tape tape,
            Phase phase,
            GraphInput input,
            Parameters parameters,
            QuantizedCells cells,
            StepState state,
            Substitute substitute) {
        this.tape = tape;
        this.phase = phase;
        this.input = input;
        this.parameters = parameters;
        this.cells = cells;
        this.state = state;
        this.substitute = substitute;
    }

    /**
     * Fine-tuning where {@code substitute} stands for every cell that is quantized while the model runs: weights with
     * affine codes, messages, embeddings and hidden states. Features and attention are as {@code cells} says.
     */
    public static Forward substituted(
            Tape tape,
            GraphInput input,
            Parameters parameters,
            QuantizedCells cells,
            StepState state,
            Substitute substitute) {
        return new Forward(tape, Phase.FINE_TUNE, input, parameters, cells, state, substitute);
    }

    /** Widths of all cells, null in fp32 phases. */
    public BitAssignment bits() {
        return cells == null ? null : cells.bits();
    }

    /** Trainable values by parameter name, as far as they were used. */
    public Map<String, Value> parameterValues() {
        return parameterValues;
    }

    /** The tensors of the cells so far, except in packed inference, and those of weights whose levels are their own. */
    public Map<Cell, CellValue> cellValues() {
        return cellValues;
    }

    private Value note(Cell cell, Value exact, Value quantized) {
        cellValues.put(cell, new CellValue(exact, quantized));
        return quantized;
    }

    /** Bytes of what was read so far of the graph itself: row pointers, columns, norms, inverse counts; each once and unpadded. */
    long graphBytes() {
        return graphReads.values().stream().mapToLong(b -> b).sum();
    }

    /**
     * The stages of the pass: each ends where the first step follows that another cell decides. Their keys tell apart what
     * {@code start}, which decides parameters and graph, how cells are quantized, {@code structure}, the width of every
     * cell so far and the phase make different.
     */
    List<StageCache.Stage> stages(Object start, String structure) {
        List<StageCache.Stage> stages = new ArrayList<>();
        StringBuilder key = new StringBuilder(phase + " " + structure);
        List<FloatMatrix> ranges = new ArrayList<>();
        int end = 0;
        for (CellUse use : uses) {
            if (use.step() > end) {
                end = use.step();
                stages.add(new StageCache.Stage(
                        end, new StageKey(start, cells.config(), key.toString()), List.copyOf(ranges)));
            }
            key.append(' ').append(use.cell()).append('=').append(cells.bits().widths(use.cell()));
            if (phase == Phase.CALIBRATE) {
                ranges.addAll(cells.ranges(use.cell()));
            }
        }
        return stages;
    }

    private void use(Cell cell) {
        uses.add(new CellUse(tape.size(), cell));
    }

    private Sparsity read(Sparsity pattern) {
        graphReads.put(pattern.graph(), pattern.graph().bytes());
        return pattern;
    }

    private Value read(FloatMatrix ofGraph) {
        graphReads.put(ofGraph, 4L * ofGraph.rows() * ofGraph.cols());
        return tape.constant(ofGraph);
    }

    /** The input features, quantized as {@code L1.embedding} says; rows scaled by the source norm where asked. */
    public Value features(boolean scaledBySourceNorm) {
        Cell cell = new Cell(1, Component.EMBEDDING);
        if (cells != null && cells.features() != null) {
            use(cell);
            if (phase == Phase.PACKED) {
                return tape.packed(cells.features().packed());
            }
            Value quantized = features(cells.features().fakeQuantized());
            return scaledBySourceNorm ? quantized : note(cell, features(input.features()), quantized);
        }
        Value x = features(input.features());
        note(cell, x, x);
        return scaledBySourceNorm ? scaleBySourceNorm(x) : x;
    }

    private Value features(FloatMatrix values) {
        return input.featurePattern() == null
                ? tape.constant(values)
                : tape.sparse(input.featurePattern(), values, false);
    }

    public Value parameter(String name) {
        return parameterValues.computeIfAbsent(name, n -> {
            FloatMatrix value = parameters.get(n).value();
            return phase.hasGradients() ? tape.parameter(value) : tape.constant(value);
        });
    }

    /** The weight matrix of a layer, quantized as its cell says; in packed inference affine codes stay codes. */
    public Value weight(Cell cell) {
        if (phase == Phase.PACKED && useQuantized(cell)) {
            return packedWeight(cell);
        }
        Value w = parameter(cell.toString());
        if (substitute != null) {
            return quantize(cell, w);
        }
        if (!useQuantized(cell) || phase.isFp32() || cells.top(cell) != null) {
            // Of powers of two frozen entries are such themselves, the others still train as they are.
            return note(cell, w, w);
        }
        return cells.coordinates(cell) == null ? quantize(cell, w) : signs(cell, w);
    }

    private Value packedWeight(Cell cell) {
        Value codes = tape.packed(cells.weight(cell));
        if (cells.coordinates(cell) != null) {
            return MultibitFunctions.decode(tape, tape.unpack(codes), cells.coordinates(cell));
        }
        FloatMatrix top = cells.top(cell);
        return top == null ? codes : PowerFunctions.decode(tape, tape.unpack(codes), top, cells.weightBits(cell));
    }

    /** Coordinates depend on the weights alone, so every evaluation sets them, whatever becomes of other ranges. */
    private Value signs(Cell cell, Value w) {
        FloatMatrix coordinates = cells.coordinates(cell);
        if (phase != Phase.FINE_TUNE) {
            MultibitFunctions.calibrate(tape, w, cell.toString(), coordinates);
        }
        return MultibitFunctions.fakeQuantize(
                tape, w, coordinates, cells.config().clipMask());
    }

    /** {@code x} as its cell is stored: itself, its fake quantization, or its codes. */
    public Value quantize(Cell cell, Value x) {
        if (substitute != null) {
            return note(cell, x, substitute.of(tape, cell, x));
        }
        if (phase.isFp32() || !useQuantized(cell)) {
            return note(cell, x, x);
        }
        return switch (phase) {
            case CALIBRATE ->
                note(
                        cell,
                        x,
                        tape.fakeQuantize(
                                tape.calibrate(x, cells.scheme(cell), cells.calibration(cell)),
                                cells.scheme(cell),
                                ClipMask.NONE));
            case FINE_TUNE -> note(cell, x, fineTuned(cell, x));
            case FROZEN -> note(cell, x, tape.fakeQuantize(x, cells.scheme(cell), ClipMask.NONE));
            default -> tape.pack(x, cells.scheme(cell));
        };
    }

    private Value fineTuned(Cell cell, Value x) {
        LearnedRanges learned = cells.learnedRanges().get(cell);
        Value quantized = learned == null
                ? tape.fakeQuantize(x, cells.scheme(cell), clipMask(cell))
                : LearnedQuantFunctions.fakeQuantize(
                        tape, x, learned, cells.config().clipMask());
        if (cells.protection() == null || !cell.component().hasRowPerNode()) {
            return quantized;
        }
        Value probability = tape.constant(cells.protection());
        return ProtectionFunctions.protect(tape, x, quantized, probability, PROTECTION_STREAM, state);
    }

    private ClipMask clipMask(Cell cell) {
        if (!cells.config().clipMask()) {
            return ClipMask.NONE;
        }
        return cells.calibration(cell).method() == Calibration.Method.SIGN ? ClipMask.SIGN : ClipMask.RANGE;
    }

    /** Notes the use of {@code cell}; whether it is quantized. */
    private boolean useQuantized(Cell cell) {
        if (cells == null) {
            return false;
        }
        use(cell);
        return !cells.bits().isFp32(cell);
    }

    public Value dropout(Value x, float rate) {
        return phase.isTraining() && rate > 0 ? tape.dropout(x, rate, dropoutStreams++, state) : x;
    }

    public Value matmul(Value x, Value w) {
        return product(forPackedKernels(x), w);
    }

    private Value product(Value x, Value w) {
        factors.put(w, x);
        return tape.matmul(x, w.isPacked() && !hasIntegerProduct(x, w) ? tape.unpack(w) : w);
    }

    private static boolean hasIntegerProduct(Value x, Value w) {
        return x.scheme() != null && x.scheme().hasIntegerProduct(w.scheme());
    }

    /** The left factors of the products so far, by their right ones: what each weight met. */
    public Map<Value, Value> factors() {
        return factors;
    }

    /** In packed inference dense floats go through the packed kernels too: their order of sums is that of all backends. */
    private Value forPackedKernels(Value x) {
        boolean floats = !x.isPacked() && !x.isSparse();
        return phase == Phase.PACKED && floats ? tape.pack(x, cells.fp32Scheme(x.rows(), x.cols())) : x;
    }

    public Value addBias(Value x, Value bias) {
        return tape.addBias(x, bias);
    }

    public Value relu(Value x) {
        return tape.relu(x);
    }

    /** {@code x > 0 ? x : exp(x) - 1}. */
    public Value elu(Value x) {
        return AttentionFunctions.elu(tape, x);
    }

    public Value scaleBySourceNorm(Value x) {
        return tape.scaleRows(x, read(input.norm()));
    }

    public Value scaleByTargetNorm(Value x) {
        return tape.scaleRows(x, read(input.norm()));
    }

    /** Sum over neighbours and self: unweighted where {@code folded}, else by the edge weights of {@code layer}. */
    public Value aggregate(int layer, Value x, boolean folded) {
        Value summed = forPackedKernels(x);
        Sparsity adjacency = read(input.adjacency());
        if (folded) {
            return tape.spmm(adjacency, null, summed);
        }
        Cell cell = new Cell(layer, Component.ATTENTION);
        if (phase == Phase.PACKED) {
            return tape.spmmWeighted(adjacency, edgeWeights(cell), summed);
        }
        Value exact = tape.sparse(adjacency, input.edgeNormValues(), phase == Phase.PROBE);
        Value weights = useQuantized(cell)
                ? tape.sparse(adjacency, cells.attention(cell).fakeQuantized(), false)
                : exact;
        return tape.spmm(adjacency, note(cell, exact, weights), x);
    }

    /** {@code out_ih = sum over f of x_i,hF+f a_hf}: the dot product of every head with its row of {@code a} (H x F). */
    public Value headProducts(Value x, Value a) {
        return matmul(x, AttentionFunctions.spreadHeads(tape, a));
    }

    /**
     * {@code out_i = sum over j of alpha_ij x_j}, {@code alpha = softmax_j(leaky(target_i + source_j))} per head, as
     * {@code layer}'s attention cell stores it; target and source N x H, x N x HF.
     */
    public Value attendAdditive(int layer, Value target, Value source, float slope, Value x, float dropout) {
        if (phase == Phase.PACKED) {
            QuantScheme scheme = attentionScheme(layer, target.cols());
            return PackedAttentionFunctions.attendAdditive(
                    tape,
                    read(input.adjacency()).graph(),
                    target,
                    source,
                    slope,
                    forPackedKernels(x),
                    QuantConfig.SOFTMAX_ORDER,
                    scheme);
        }
        Value sums = AttentionFunctions.scores(tape, input.adjacency(), target, source);
        return attend(layer, AttentionFunctions.leakyRelu(tape, sums, slope), x, dropout);
    }

    /** The same with one head and {@code alpha = softmax_j(beta cos(x_i, x_j))}; beta 1 x 1, or null for 1. */
    public Value attendCosine(int layer, Value beta, Value x) {
        if (phase == Phase.PACKED) {
            QuantScheme scheme = attentionScheme(layer, 1);
            return PackedAttentionFunctions.attendCosine(
                    tape,
                    read(input.adjacency()).graph(),
                    beta,
                    forPackedKernels(x),
                    QuantConfig.SOFTMAX_ORDER,
                    scheme);
        }
        Value y = AttentionFunctions.normalizeRows(tape, x);
        Value cosines = AttentionFunctions.products(tape, input.adjacency(), y, y, 1);
        return attend(layer, beta == null ? cosines : tape.matmul(cosines, beta), x, 0);
    }

    /** Softmax over each row of the scores, quantized as the layer's cell says, and the sum of {@code x} weighted by it. */
    private Value attend(int layer, Value scores, Value x, float dropout) {
        Cell cell = new Cell(layer, Component.ATTENTION);
        Value exact = AttentionFunctions.softmax(tape, input.adjacency(), scores);
        Value attention = phase.isFp32() || !useQuantized(cell)
                ? exact
                : PackedAttentionFunctions.fake(
                        tape,
                        input.adjacency().graph(),
                        scores,
                        exact,
                        QuantConfig.SOFTMAX_ORDER,
                        cells.scheme(cell),
                        cells.learnedRanges().get(cell));
        note(cell, exact, attention);
        return AttentionFunctions.aggregate(tape, input.adjacency(), dropout(attention, dropout), x);
    }

    /** How the attention of {@code layer} is stored in packed inference. */
    private QuantScheme attentionScheme(int layer, int heads) {
        Cell cell = new Cell(layer, Component.ATTENTION);
        int edges = input.adjacency().graph().numEdges();
        return useQuantized(cell) ? cells.scheme(cell) : cells.fp32Scheme(edges, heads);
    }

    private EdgeWeights edgeWeights(Cell cell) {
        use(cell);
        return cells.attention(cell).packed();
    }

    /** {@code aggregate(x) w}, scaled by the target norm where {@code folded}; aggregate-first on codes. */
    public Value aggregateThenTransform(int layer, Value x, Value w, boolean folded) {
        if (phase == Phase.PACKED) {
            EdgeWeights weights = folded ? null : edgeWeights(new Cell(layer, Component.ATTENTION));
            Value norm = folded ? read(input.norm()) : null;
            return tape.spmmGemm(read(input.adjacency()), weights, x, norm, floats(w));
        }
        Value sum = aggregate(layer, product(x, w), folded);
        return folded ? scaleByTargetNorm(sum) : sum;
    }

    /** {@code x + y}, x the input and y the output of layer {@code layer}. */
    public Value addResidual(int layer, Value x, Value y) {
        Sparsity below = input.level(layer).below();
        return add(below == null ? x : tape.spmm(read(below), null, x), y);
    }

    /** {@code a + b}; codes are unpacked first. */
    public Value add(Value a, Value b) {
        return tape.add(floats(a), floats(b));
    }

    private Value floats(Value x) {
        return x.isPacked() ? tape.unpack(x) : x;
    }

    /** {@code (A + I) x w} of layer {@code layer}: codes are summed as integers before the product. */
    public Value sumThenTransform(int layer, Value x, Value w) {
        GraphLevel level = input.level(layer);
        if (phase == Phase.PACKED && !x.isSparse()) {
            return tape.spmmGemm(read(level.adjacency()), null, forPackedKernels(x), null, floats(w));
        }
        Value message = tape.matmul(x, floats(w));
        return counted(
                level.adjacency(), level.edgeCounts(), phase == Phase.PACKED ? forPackedKernels(message) : message);
    }

    private Value counted(Sparsity pattern, FloatMatrix counts, Value x) {
        return tape.spmm(read(pattern), counts == null ? null : tape.sparse(pattern, counts, false), x);
    }

    /** {@code D^-1 A x}: the mean over the neighbours of a node, without the node itself. */
    public Value meanOfNeighbours(Value x) {
        Value sum = tape.spmm(read(input.neighbours()), null, forPackedKernels(x));
        return tape.scaleRows(sum, read(input.inverseDegrees()));
    }

    /**
     * {@code pool(x) w} with x the rows of {@code level}: sums over the nodes of each graph, or their mean; the identity
     * where nodes are classified. Codes are summed as integers before the product.
     */
    public Value poolThenTransform(int level, Value x, Value w, boolean mean) {
        GraphLevel rows = input.level(level);
        if (rows.pooling() == null) {
            return matmul(x, w);
        }
        Value factor = mean ? read(input.inverseSizes()) : null;
        if (phase == Phase.PACKED) {
            return tape.spmmGemm(read(rows.pooling()), null, forPackedKernels(x), factor, floats(w));
        }
        Value pooled = counted(rows.pooling(), rows.poolCounts(), x);
        return tape.matmul(mean ? tape.scaleRows(pooled, factor) : pooled, w);
    }

    /** The normalization {@code name} of rows of layer {@code layer}; batch statistics while training. */
    public Value normalize(Normalization kind, String name, int layer, Value x) {
        return normalize(kind, name, input.level(layer).multiplicity(), x);
    }

    /** The normalization {@code name} of one row per graph, or per node where nodes are classified. */
    public Value normalizeOutputs(Normalization kind, String name, Value x) {
        return normalize(kind, name, null, x);
    }

    private Value normalize(Normalization kind, String name, Multiplicity multiplicity, Value x) {
        return switch (kind) {
            case NONE -> x;
            case LAYER -> NormFunctions.layerNorm(tape, x, parameter(name + ".gamma"), parameter(name + ".beta"));
            case BATCH -> {
                BatchNorm norm = new BatchNorm(
                        parameters.get(name + ".gamma").value(),
                        parameters.get(name + ".beta").value(),
                        parameters.get(name + ".mean").value(),
                        parameters.get(name + ".variance").value());
                yield phase.isTraining()
                        ? NormFunctions.batchNormTrain(
                                tape, x, multiplicity, parameter(name + ".gamma"), parameter(name + ".beta"), norm)
                        : NormFunctions.batchNorm(tape, x, norm);
            }
        };
    }
}
