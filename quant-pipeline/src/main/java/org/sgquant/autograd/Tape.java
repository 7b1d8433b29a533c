package org.sgquant.autograd;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.sgquant.kernels.Aggregation;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.Epilogue;
import org.sgquant.kernels.PackedProduct;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.PackedTensor;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.ShapeException;
import org.sgquant.tensor.SparsePackedMatrix;
import org.sgquant.tensor.Sparsity;

/**
 * Records operations on {@link Value}s, derives the backward pass, and compiles both into a {@link Plan}.
 *
 * <p>Nothing is computed while recording. {@link #backward} appends the vector-Jacobian products of everything
 * recorded so far, in reverse order; constants get no gradient.
 */
public final class Tape {

    /** What a recorded operation runs on a backend, on the bound buffers of its values. */
    interface Kernel {
        void run(Backend backend);
    }

    /** Appends the gradients of an operation's inputs, given that of its output. */
    interface Vjp {
        void apply(Value gradOut);
    }

    /**
     * What a step is to a chain of steps that may run as one ({@link Fusion}); what it gives are operands, which are there
     * once buffers are bound.
     */
    sealed interface Part {}

    /** The chain begins. */
    record Begins(Supplier<PackedProduct> product) implements Part {}

    /** It goes on with what becomes of {@code x}. */
    record GoesOn(Value x, Supplier<Epilogue.Step> step) implements Part {}

    /** It ends where {@code x} is kept. */
    record Ends(Value x, Supplier<Epilogue.Destination> to) implements Part {}

    /** {@code part} is null where a step is none. */
    record Node(String name, List<Value> inputs, Value output, Kernel kernel, Vjp vjp, Part part) {}

    private final boolean exact;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<Value, Value> gradients = new HashMap<>();

    public Tape() {
        this(false);
    }

    private Tape(boolean exact) {
        this.exact = exact;
    }

    /** For packed inference: aggregates floats by the backend's own kernels, which give the same bits everywhere. */
    public static Tape exact() {
        return new Tape(true);
    }

    /** What products over the edges of a graph run on. */
    Aggregation aggregation(Backend backend) {
        return exact ? Aggregation.own(backend.sparse(), backend.attention()) : backend.aggregation();
    }

    boolean isExact() {
        return exact;
    }

    List<Node> nodes() {
        return nodes;
    }

    // --- leaves

    public Value constant(FloatMatrix matrix) {
        return Value.external(matrix, false);
    }

    public Value parameter(FloatMatrix matrix) {
        return Value.external(matrix, true);
    }

    /** The matrix of this pattern whose stored entries are {@code values}, 1 x nnz. */
    public Value sparse(Sparsity sparsity, FloatMatrix values, boolean requiresGrad) {
        return Value.external(sparsity, values, requiresGrad);
    }

    public Value packed(PackedTensor matrix) {
        return switch (matrix) {
            case PackedMatrix dense -> Value.external(dense);
            case SparsePackedMatrix sparse -> Value.external(sparse);
        };
    }

    // --- products

    /** {@code x w}: x dense, sparse or packed N x K, w dense K x F; both packed where their product is one of integers. */
    public Value matmul(Value x, Value w) {
        ShapeException.require(w.rows(), x.cols(), "matmul: w.rows must equal x.cols");
        Value out = Value.dense(x.rows(), w.cols(), x.requiresGrad() || w.requiresGrad());
        if (x.sparsePacked() != null) {
            return recordProduct(
                    "gemm_sparse_packed",
                    List.of(x, w),
                    out,
                    () -> new PackedProduct.SparseGemm(x.sparsePacked(), w.dense()));
        }
        if (w.isPacked()) {
            return recordProduct(
                    "gemm_codes", List.of(x, w), out, () -> new PackedProduct.CodeGemm(x.packed(), w.packed()));
        }
        if (x.isPacked()) {
            return recordProduct(
                    "gemm_packed", List.of(x, w), out, () -> new PackedProduct.Gemm(x.packed(), w.dense()));
        }
        if (x.isSparse()) {
            return spmm(x.sparsity(), x, w);
        }
        Kernel kernel = b -> b.dense().gemm(x.dense(), false, w.dense(), false, out.dense());
        return record("gemm", List.of(x, w), out, kernel, g -> {
            if (x.requiresGrad()) {
                accumulate(x, gemm(g, false, w, true));
            }
            if (w.requiresGrad()) {
                accumulate(w, gemm(x, true, g, false));
            }
        });
    }

    private Value gemm(Value a, boolean transA, Value b, boolean transB) {
        Value out = Value.dense(transA ? a.cols() : a.rows(), transB ? b.rows() : b.cols(), false);
        Kernel kernel = k -> k.dense().gemm(a.dense(), transA, b.dense(), transB, out.dense());
        return record("gemm", List.of(a, b), out, kernel);
    }

    /** {@code A x}, A the pattern with {@code values} (a sparse value of that pattern) or with ones where null. */
    public Value spmm(Sparsity pattern, Value values, Value x) {
        ShapeException.require(x.rows(), pattern.graph().numCols(), "spmm: x.rows must equal graph.numCols");
        boolean valuesLearn = values != null && values.requiresGrad();
        Value out = Value.dense(pattern.graph().numRows(), x.cols(), valuesLearn || x.requiresGrad());
        if (x.sparsePacked() != null) {
            return recordProduct(
                    "spmm_sparse_packed",
                    List.of(x),
                    out,
                    () -> new PackedProduct.SparseSum(pattern.graph(), x.sparsePacked()));
        }
        if (x.isPacked()) {
            return recordProduct(
                    "spmm_packed", List.of(x), out, () -> new PackedProduct.Sum(pattern.graph(), null, x.packed()));
        }
        Kernel kernel = b ->
                aggregation(b).spmm(pattern.graph(), values == null ? null : values.dense(), x.dense(), out.dense());
        List<Value> inputs = values == null ? List.of(x) : List.of(values, x);
        return record("spmm", inputs, out, kernel, g -> {
            if (x.requiresGrad()) {
                accumulate(x, spmmTransposed(pattern, values, g));
            }
            if (valuesLearn) {
                accumulate(values, AttentionFunctions.products(this, pattern, g, x));
            }
        });
    }

    private Value spmmTransposed(Sparsity pattern, Value values, Value g) {
        Sparsity transposed = new Sparsity(pattern.transposed(), pattern.graph(), null);
        if (values == null) {
            return spmm(transposed, null, g);
        }
        Value reordered = Value.sparse(transposed);
        record(
                "gather",
                List.of(values),
                reordered,
                b -> b.sparse().gather(values.dense(), pattern.sourceEdge(), reordered.dense()));
        return spmm(transposed, reordered, g);
    }

    /** {@code A x} with quantized edge weights on packed codes; inference only. */
    public Value spmmWeighted(Sparsity pattern, EdgeWeights weights, Value x) {
        Value out = Value.dense(pattern.graph().numRows(), x.cols(), false);
        return recordProduct(
                "spmm_packed_weighted",
                List.of(x),
                out,
                () -> new PackedProduct.Sum(pattern.graph(), weights, x.packed()));
    }

    /** {@code diag(rowScale) A x w} aggregate-first on packed codes; inference only, weights and rowScale may be null. */
    public Value spmmGemm(Sparsity pattern, EdgeWeights weights, Value x, Value rowScale, Value w) {
        Value out = Value.dense(pattern.graph().numRows(), w.cols(), false);
        FloatMatrix scale = rowScale == null ? null : rowScale.dense();
        if (x.sparsePacked() != null && weights == null) {
            return recordProduct(
                    "spmm_gemm_sparse_packed",
                    List.of(x, w),
                    out,
                    () -> new PackedProduct.SparseSumGemm(pattern.graph(), x.sparsePacked(), scale, w.dense()));
        }
        return recordProduct(
                "spmm_gemm_packed",
                List.of(x, w),
                out,
                () -> new PackedProduct.SumGemm(pattern.graph(), weights, x.packed(), scale, w.dense()));
    }

    // --- element-wise

    /** {@code x + bias} per row. */
    public Value addBias(Value x, Value bias) {
        Value out = Value.dense(x.rows(), x.cols(), x.requiresGrad() || bias.requiresGrad());
        GoesOn part = new GoesOn(x, () -> new Epilogue.AddBias(bias.dense()));
        return recordStep("bias", List.of(x, bias), out, part, g -> {
            if (bias.requiresGrad()) {
                accumulate(bias, sumRows(g));
            }
            accumulate(x, g);
        });
    }

    /** Column sums of a gradient. */
    Value sumRows(Value g) {
        Value sum = Value.dense(1, g.cols(), false);
        return record("sum_rows", List.of(g), sum, b -> b.elementwise().sumRows(g.dense(), sum.dense()));
    }

    /** {@code a + b}. */
    public Value add(Value a, Value b) {
        Value out = Value.dense(a.rows(), a.cols(), a.requiresGrad() || b.requiresGrad());
        GoesOn part = new GoesOn(b, () -> new Epilogue.AddTo(a.dense()));
        return recordStep("add", List.of(a, b), out, part, g -> {
            accumulate(a, g);
            accumulate(b, g);
        });
    }

    /** {@code factor_i x_i}, factor a constant 1 x N. */
    public Value scaleRows(Value x, Value factor) {
        Value out = Value.dense(x.rows(), x.cols(), x.requiresGrad());
        GoesOn part = new GoesOn(x, () -> new Epilogue.ScaleRows(factor.dense()));
        return recordStep("scale_rows", List.of(x, factor), out, part, g -> accumulate(x, scaleRows(g, factor)));
    }

    /** {@code max(x, 0)}. */
    public Value relu(Value x) {
        Value out = Value.dense(x.rows(), x.cols(), x.requiresGrad());
        return recordStep("relu", List.of(x), out, new GoesOn(x, Epilogue.Relu::new), g -> {
            Value gx = Value.dense(x.rows(), x.cols(), false);
            record(
                    "relu_backward",
                    List.of(out, g),
                    gx,
                    b -> b.elementwise().reluBackward(out.dense(), g.dense(), gx.dense()));
            accumulate(x, gx);
        });
    }

    /** Dropout of dense elements or of a sparse matrix's stored values; {@code stream} tells its uses apart. */
    public Value dropout(Value x, float rate, int stream, StepState state) {
        if (rate == 0) {
            return x;
        }
        Value out = Value.like(x, x.requiresGrad());
        Kernel kernel = b -> b.elementwise().dropout(x.dense(), rate, stream, state, out.dense());
        return record("dropout", List.of(x), out, kernel, g -> accumulate(x, dropout(g, rate, stream, state)));
    }

    // --- quantization

    /** Sets the ranges of {@code scheme} from x each time the plan runs, and passes x on. */
    public Value calibrate(Value x, QuantScheme scheme, Calibration calibration) {
        record("calibrate", List.of(x), null, b -> b.packed().calibrate(x.dense(), scheme, calibration));
        return x;
    }

    /** Fake quantization with a straight-through gradient, zero where {@code mask} says. */
    public Value fakeQuantize(Value x, QuantScheme scheme, ClipMask mask) {
        Value out = Value.dense(x.rows(), x.cols(), x.requiresGrad());
        Kernel kernel = b -> b.packed().fakeQuantize(x.dense(), scheme, out.dense());
        return record("fake_quantize", List.of(x), out, kernel, g -> {
            if (mask == ClipMask.NONE) {
                accumulate(x, g);
                return;
            }
            Value gx = Value.dense(x.rows(), x.cols(), false);
            Kernel backward = mask == ClipMask.RANGE
                    ? b -> b.packed().fakeQuantizeBackward(x.dense(), scheme, g.dense(), gx.dense())
                    : b -> MultibitFunctions.signBackward(b.elementwise(), scheme, x.dense(), g.dense(), gx.dense());
            accumulate(x, record("fake_quantize_backward", List.of(x, g), gx, backward));
        });
    }

    /** Packed codes of x, under the scheme's name in {@link Plan#run(Plan.PackedListener)}. */
    public Value pack(Value x, QuantScheme scheme) {
        Value out = Value.packed(scheme);
        Kernel kernel = b -> b.packed().pack(x.dense(), out.packed());
        return record("pack", List.of(x), out, kernel, null, new Ends(x, () -> new Epilogue.Codes(out.packed())));
    }

    /** Dense floats of packed codes. */
    public Value unpack(Value x) {
        Value out = Value.dense(x.rows(), x.cols(), false);
        return record("unpack", List.of(x), out, b -> b.packed().unpack(x.packed(), out.dense()));
    }

    // --- losses and updates

    /** Writes (mean loss, right predictions) of {@code nodes} to {@code metrics}; returns the gradient of the loss. */
    public Value crossEntropy(Value logits, IntArray labels, IntArray nodes, FloatMatrix metrics) {
        Value grad = Value.dense(logits.rows(), logits.cols(), false);
        return record(
                "cross_entropy",
                List.of(logits),
                grad,
                b -> b.elementwise().softmaxCrossEntropy(logits.dense(), labels, nodes, grad.dense(), metrics));
    }

    /** Writes (mean loss, right predictions) of {@code nodes} to {@code metrics}. */
    public void evaluate(Value logits, IntArray labels, IntArray nodes, FloatMatrix metrics) {
        record(
                "evaluate",
                List.of(logits),
                null,
                b -> b.elementwise().softmaxCrossEntropy(logits.dense(), labels, nodes, null, metrics));
    }

    /** Copies a result to a buffer that outlives the run. */
    public void output(Value x, FloatMatrix buffer) {
        Kernel kernel = b -> b.elementwise().copy(x.dense(), buffer);
        record("output", List.of(x), null, kernel, null, new Ends(x, () -> new Epilogue.Floats(buffer)));
    }

    /** Copies a result, of a sparse value its stored entries, to a new buffer of {@code memory} and returns that. */
    public FloatMatrix output(Value x, Memory memory) {
        FloatMatrix buffer = FloatMatrix.allocate(memory, x.bufferRows(), x.bufferCols());
        output(x, buffer);
        return buffer;
    }

    /** Adam step on a parameter with the gradient that {@link #backward} derived for it. */
    public void adam(Value parameter, FloatMatrix m, FloatMatrix v, float weightDecay, StepState state) {
        Value grad = gradient(parameter);
        record(
                "adam",
                List.of(grad),
                null,
                b -> b.elementwise().adam(parameter.dense(), grad.dense(), m, v, weightDecay, state));
    }

    public void nextStep(StepState state) {
        record("next_step", List.of(), null, b -> b.elementwise().nextStep(state));
    }

    /** Appends the backward pass from {@code output}, whose gradient is {@code gradOut}. */
    public void backward(Value output, Value gradOut) {
        gradients.put(output, gradOut);
        for (Node node : List.copyOf(nodes).reversed()) {
            Value g = node.output() == null ? null : gradients.get(node.output());
            if (g != null && node.output().requiresGrad() && node.vjp() != null) {
                node.vjp().apply(g);
            }
        }
    }

    /** Gradient of a value after {@link #backward}; of a sparse value that of its stored entries, nnz x 1. */
    public Value gradient(Value value) {
        Value g = gradients.get(value);
        if (g == null) {
            throw new IllegalStateException("this value has no gradient: backward was not recorded through it");
        }
        return g;
    }

    /** Adds {@code gradient} to that of {@code value}. */
    void accumulate(Value value, Value gradient) {
        if (!value.requiresGrad()) {
            return;
        }
        Value before = gradients.get(value);
        if (before == null) {
            gradients.put(value, gradient);
            return;
        }
        Value sum = Value.like(before, false);
        record(
                "add",
                List.of(before, gradient),
                sum,
                b -> b.elementwise().add(before.dense(), gradient.dense(), sum.dense()));
        gradients.put(value, sum);
    }

    /** Steps recorded so far. */
    public int size() {
        return nodes.size();
    }

    /** Forgets the last steps as far as they do nothing but compute what no step reads. */
    public void dropUnread() {
        while (!nodes.isEmpty() && nodes.getLast().output() != null) {
            nodes.removeLast();
        }
    }

    private Value recordProduct(String name, List<Value> inputs, Value output, Supplier<PackedProduct> product) {
        Kernel kernel = b -> product.get().into(b, output.dense());
        return record(name, inputs, output, kernel, null, new Begins(product));
    }

    private Value recordStep(String name, List<Value> inputs, Value output, GoesOn part, Vjp vjp) {
        Kernel kernel = b -> part.step().get().apply(b.elementwise(), part.x().dense(), output.dense());
        return record(name, inputs, output, kernel, vjp, part);
    }

    Value record(String name, List<Value> inputs, Value output, Kernel kernel) {
        return record(name, inputs, output, kernel, null);
    }

    /** Appends a step that writes {@code output}, which may be null; {@code vjp} gives the gradients of its inputs. */
    Value record(String name, List<Value> inputs, Value output, Kernel kernel, Vjp vjp) {
        return record(name, inputs, output, kernel, vjp, null);
    }

    private Value record(String name, List<Value> inputs, Value output, Kernel kernel, Vjp vjp, Part part) {
        nodes.add(new Node(name, inputs, output, kernel, vjp, part));
        return output;
    }
}
