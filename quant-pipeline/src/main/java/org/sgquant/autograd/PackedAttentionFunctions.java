package org.sgquant.autograd;

import java.util.List;
import java.util.stream.Stream;
import org.sgquant.kernels.SoftmaxOrder;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.QuantScheme;

/**
 * Quantized attention on a {@link Tape}: {@link org.sgquant.kernels.PackedAttentionOps}. For training the weights that
 * codes stand for, with a straight-through gradient; for inference the pass over the packed messages.
 */
public final class PackedAttentionFunctions {

    private PackedAttentionFunctions() {}

    /**
     * The weights that {@code scores} have under {@code scheme}; their gradient is passed on to {@code alpha}, the softmax
     * of the same scores, as it is: straight through the codes. What this rounding can change the loss by is added to
     * {@code errors}, unless that is null.
     */
    public static Value fake(
            Tape tape,
            CsrGraph graph,
            Value scores,
            Value alpha,
            SoftmaxOrder order,
            QuantScheme scheme,
            LearnedRanges errors) {
        Value out = Value.dense(scores.rows(), scores.cols(), alpha.requiresGrad());
        Tape.Kernel kernel = b -> b.packedAttention().fakeAttention(graph, scores.dense(), order, scheme, out.dense());
        return tape.record("fake_attention", List.of(scores), out, kernel, g -> {
            if (errors != null) {
                tape.record(
                        "attention_error",
                        List.of(alpha, out, g),
                        null,
                        b -> b.learnedQuant().addError(alpha.dense(), out.dense(), errors, g.dense()));
            }
            tape.accumulate(alpha, g);
        });
    }

    /** Sum of packed messages under attention with scores {@code leaky(target_i + source_j)}; inference only. */
    public static Value attendAdditive(
            Tape tape,
            CsrGraph graph,
            Value target,
            Value source,
            float slope,
            Value x,
            SoftmaxOrder order,
            QuantScheme scheme) {
        Value codes = Value.packed(scheme);
        Value out = sumOf(tape, graph, x);
        Tape.Kernel kernel = b -> b.packedAttention()
                .attendAdditive(
                        graph, target.dense(), source.dense(), slope, x.packed(), order, codes.packed(), out.dense());
        tape.record("attend_additive", List.of(target, source, x, out), codes, kernel);
        return out;
    }

    /** Sum of packed rows under attention with scores {@code beta cos(x_i, x_j)}, beta null for 1; inference only. */
    public static Value attendCosine(
            Tape tape, CsrGraph graph, Value beta, Value x, SoftmaxOrder order, QuantScheme scheme) {
        Value norms = Value.dense(1, x.rows(), false);
        tape.record("norms_packed", List.of(x), norms, b -> b.packedAttention().norms(x.packed(), norms.dense()));
        Value codes = Value.packed(scheme);
        Value out = sumOf(tape, graph, x);
        Tape.Kernel kernel = b -> {
            FloatMatrix factor = beta == null ? null : beta.dense();
            b.packedAttention()
                    .attendCosine(graph, norms.dense(), factor, x.packed(), order, codes.packed(), out.dense());
        };
        List<Value> inputs =
                Stream.of(norms, beta, x, out).filter(v -> v != null).toList();
        tape.record("attend_cosine", inputs, codes, kernel);
        return out;
    }

    /**
     * The place of the sum. The step that follows writes it beside its output, the codes, which live for that step alone:
     * long enough to be seen and no longer.
     */
    private static Value sumOf(Tape tape, CsrGraph graph, Value x) {
        Value out = Value.dense(graph.numRows(), x.cols(), false);
        return tape.record("place", List.of(), out, b -> {});
    }
}
