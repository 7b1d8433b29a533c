package org.sgquant.autograd;

import java.util.List;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.ShapeException;
import org.sgquant.tensor.Sparsity;

/**
 * Differentiable operations of attention over the edges of a graph: {@link org.sgquant.kernels.AttentionOps} on a
 * {@link Tape}, with its shapes. A pattern needs {@link Sparsity#sourceEdge}.
 */
public final class AttentionFunctions {

    private AttentionFunctions() {}

    /** {@code out_eh = sum over f of a_i,hF+f b_j,hF+f} per edge from j to i and each of {@code heads}. */
    public static Value products(Tape tape, Sparsity pattern, Value a, Value b, int heads) {
        Value out = products(tape, pattern.graph(), a, b, heads, a.requiresGrad() || b.requiresGrad(), g -> {
            if (a.requiresGrad()) {
                tape.accumulate(a, sums(tape, pattern.graph(), g, b, false, null));
            }
            if (b.requiresGrad()) {
                tape.accumulate(b, sums(tape, pattern.transposed(), transposed(tape, pattern, g), a, false, null));
            }
        });
        return out;
    }

    /** {@code out_e = sum over f of a_if b_jf} per edge, without a gradient of its own. */
    static Value products(Tape tape, Sparsity pattern, Value a, Value b) {
        return products(tape, pattern.graph(), a, b, 1, false, null);
    }

    /** {@code out_i,hF+f = sum over edges of row i of w_eh x_j,hF+f}. */
    public static Value aggregate(Tape tape, Sparsity pattern, Value w, Value x) {
        return sums(tape, pattern.graph(), w, x, w.requiresGrad() || x.requiresGrad(), g -> {
            if (w.requiresGrad()) {
                tape.accumulate(w, products(tape, pattern.graph(), g, x, w.cols(), false, null));
            }
            if (x.requiresGrad()) {
                tape.accumulate(x, sums(tape, pattern.transposed(), transposed(tape, pattern, w), g, false, null));
            }
        });
    }

    private static Value products(
            Tape tape, CsrGraph graph, Value a, Value b, int heads, boolean requiresGrad, Tape.Vjp vjp) {
        Value out = Value.dense(graph.numEdges(), heads, requiresGrad);
        Tape.Kernel kernel = k -> tape.aggregation(k).sddmm(graph, a.dense(), b.dense(), out.dense());
        return tape.record("sddmm", List.of(a, b), out, kernel, vjp);
    }

    private static Value sums(Tape tape, CsrGraph graph, Value w, Value x, boolean requiresGrad, Tape.Vjp vjp) {
        Value out = Value.dense(graph.numRows(), x.cols(), requiresGrad);
        Tape.Kernel kernel = k -> tape.aggregation(k).spmmHeads(graph, w.dense(), x.dense(), out.dense());
        return tape.record("spmm_heads", List.of(w, x), out, kernel, vjp);
    }

    /** Edge values in the order of the transposed graph. */
    private static Value transposed(Tape tape, Sparsity pattern, Value w) {
        if (pattern.sourceEdge() == null) {
            throw new ShapeException("attention: the graph must know the edges of its transpose");
        }
        Value out = Value.dense(w.rows(), w.cols(), false);
        return tape.record(
                "gather_rows",
                List.of(w),
                out,
                k -> k.attention().gatherRows(w.dense(), pattern.sourceEdge(), out.dense()));
    }

    /** {@code out_eh = target_ih + source_jh} per edge from j to i. */
    public static Value scores(Tape tape, Sparsity pattern, Value target, Value source) {
        boolean requiresGrad = target.requiresGrad() || source.requiresGrad();
        Value out = Value.dense(pattern.graph().numEdges(), target.cols(), requiresGrad);
        Tape.Kernel kernel =
                k -> k.attention().edgeScores(pattern.graph(), target.dense(), source.dense(), out.dense());
        return tape.record("edge_scores", List.of(target, source), out, kernel, g -> {
            tape.accumulate(target, sumEdges(tape, pattern.graph(), g));
            if (source.requiresGrad()) {
                tape.accumulate(source, sumEdges(tape, pattern.transposed(), transposed(tape, pattern, g)));
            }
        });
    }

    private static Value sumEdges(Tape tape, CsrGraph graph, Value w) {
        Value out = Value.dense(graph.numRows(), w.cols(), false);
        return tape.record("sum_edges", List.of(w), out, k -> k.attention().sumEdges(graph, w.dense(), out.dense()));
    }

    /** Softmax over the edges of each row. */
    public static Value softmax(Tape tape, Sparsity pattern, Value s) {
        CsrGraph graph = pattern.graph();
        Value out = like(s);
        Tape.Kernel kernel = k -> k.attention().softmaxEdges(graph, s.dense(), out.dense());
        return tape.record("softmax_edges", List.of(s), out, kernel, g -> {
            Value gs = gradientOf(s);
            Tape.Kernel backward = k -> k.attention().softmaxEdgesBackward(graph, out.dense(), g.dense(), gs.dense());
            tape.accumulate(s, tape.record("softmax_edges_backward", List.of(out, g), gs, backward));
        });
    }

    /** {@code x > 0 ? x : slope x}. */
    public static Value leakyRelu(Tape tape, Value x, float slope) {
        Value out = like(x);
        Tape.Kernel kernel = k -> k.attention().leakyRelu(x.dense(), slope, out.dense());
        return tape.record("leaky_relu", List.of(x), out, kernel, g -> {
            Value gx = gradientOf(x);
            Tape.Kernel backward = k -> k.attention().leakyReluBackward(out.dense(), slope, g.dense(), gx.dense());
            tape.accumulate(x, tape.record("leaky_relu_backward", List.of(out, g), gx, backward));
        });
    }

    /** {@code x > 0 ? x : exp(x) - 1}. */
    public static Value elu(Tape tape, Value x) {
        Value out = like(x);
        return tape.record("elu", List.of(x), out, k -> k.attention().elu(x.dense(), out.dense()), g -> {
            Value gx = gradientOf(x);
            Tape.Kernel backward = k -> k.attention().eluBackward(out.dense(), g.dense(), gx.dense());
            tape.accumulate(x, tape.record("elu_backward", List.of(out, g), gx, backward));
        });
    }

    /** Rows of length one: {@code x_i / |x_i|}, zero rows stay zero. */
    public static Value normalizeRows(Tape tape, Value x) {
        Value out = like(x);
        Tape.Kernel kernel = k -> k.attention().normalizeRows(x.dense(), out.dense());
        return tape.record("normalize_rows", List.of(x), out, kernel, g -> {
            Value gx = gradientOf(x);
            Tape.Kernel backward = k -> k.attention().normalizeRowsBackward(x.dense(), g.dense(), gx.dense());
            tape.accumulate(x, tape.record("normalize_rows_backward", List.of(x, g), gx, backward));
        });
    }

    /** The HF x H matrix whose product takes each head's dot product with its row of {@code a} (H x F). */
    public static Value spreadHeads(Tape tape, Value a) {
        Value out = Value.dense(a.rows() * a.cols(), a.rows(), a.requiresGrad());
        Tape.Kernel kernel = k -> k.attention().spreadHeads(a.dense(), out.dense());
        return tape.record("spread_heads", List.of(a), out, kernel, g -> {
            Value ga = gradientOf(a);
            Tape.Kernel backward = k -> k.attention().collectHeads(g.dense(), ga.dense());
            tape.accumulate(a, tape.record("collect_heads", List.of(g), ga, backward));
        });
    }

    private static Value like(Value x) {
        return Value.dense(x.rows(), x.cols(), x.requiresGrad());
    }

    private static Value gradientOf(Value x) {
        return Value.dense(x.rows(), x.cols(), false);
    }
}
