package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;
import org.sgquant.kernels.PackedAttentionOps;
import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.SoftmaxOrder;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/** {@link PackedAttentionOps}, rows shared out over the threads of {@link Workers}. */
public final class CpuPackedAttentionOps implements PackedAttentionOps {

    private final Workers workers;

    public CpuPackedAttentionOps(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void attendAdditive(
            CsrGraph graph,
            FloatMatrix target,
            FloatMatrix source,
            float slope,
            PackedMatrix x,
            SoftmaxOrder order,
            PackedMatrix attention,
            FloatMatrix out) {
        PackedShapes.requireAttention(graph, graph.rowPtr(), x, attention, out);
        PackedShapes.requireAdditiveScores(graph, target, source, attention);
        AttentionRow.Scores scores = (i, e, j, into, at) -> {
            for (int h = 0; h < target.cols(); h++) {
                float t = target.get(i, h) + source.get(j, h);
                into[at + h] = t > 0 ? t : slope * t;
            }
        };
        attend(graph, () -> scores, x, order, attention, out);
    }

    @Override
    public void attendCosine(
            CsrGraph graph,
            FloatMatrix norms,
            FloatMatrix beta,
            PackedMatrix x,
            SoftmaxOrder order,
            PackedMatrix attention,
            FloatMatrix out) {
        PackedShapes.requireAttention(graph, graph.rowPtr(), x, attention, out);
        PackedShapes.requireCosineScores(graph, norms, beta, attention);
        float factor = beta == null ? 1 : beta.get(0, 0);
        Supplier<AttentionRow.Scores> scores = () -> {
            RowDots dots = new RowDots(x);
            return (i, e, j, into, at) -> {
                float n = norms.get(0, i) * norms.get(0, j);
                float cosine = n > 0 ? dots.dot(i, j) / n : 0;
                into[at] = factor * cosine;
            };
        };
        attend(graph, scores, x, order, attention, out);
    }

    /** {@code scores} gives each thread its own, since they keep scratch. */
    private void attend(
            CsrGraph graph,
            Supplier<AttentionRow.Scores> scores,
            PackedMatrix x,
            SoftmaxOrder order,
            PackedMatrix attention,
            FloatMatrix out) {
        workers.runRows(graph, x.cols() + attention.cols(), (from, to) -> {
            AttentionRow row = new AttentionRow(graph, scores.get(), order, attention.scheme());
            AttentionSums sums = new AttentionSums(x, row);
            float[] acc = sums.newRow();
            for (int i = from; i < to; i++) {
                row.moveTo(i);
                row.store(attention);
                sums.row(acc);
                MemorySegment.copy(acc, 0, out.data(), JAVA_FLOAT, out.rowOffset(i), out.cols());
            }
        });
    }

    @Override
    public void norms(PackedMatrix x, FloatMatrix out) {
        out.requireShape(1, x.rows(), "norms: out");
        workers.run((long) x.rows() * x.cols(), x.rows(), (from, to) -> {
            RowDots dots = new RowDots(x);
            for (int i = from; i < to; i++) {
                float square = dots.dot(i, i);
                out.set(0, i, square > 0 ? (float) Math.sqrt(square) : 0);
            }
        });
    }

    @Override
    public void fakeAttention(
            CsrGraph graph, FloatMatrix scores, SoftmaxOrder order, QuantScheme scheme, FloatMatrix out) {
        PackedShapes.requireAttentionScheme(graph, graph.rowPtr(), scheme);
        PackedShapes.requireScheme(scores, scheme, "attention scores");
        PackedShapes.requireScheme(out, scheme, "attention");
        AttentionRow.Scores given = (i, e, j, into, at) ->
                MemorySegment.copy(scores.data(), JAVA_FLOAT, scores.rowOffset(e), into, at, scheme.cols());
        workers.runRows(graph, 2 * scheme.cols(), (from, to) -> {
            AttentionRow row = new AttentionRow(graph, given, order, scheme);
            for (int i = from; i < to; i++) {
                row.moveTo(i);
                for (int e = row.begin(); e < row.end(); e++) {
                    for (int h = 0; h < scheme.cols(); h++) {
                        out.set(e, h, row.weight(e, h));
                    }
                }
            }
        });
    }
}
