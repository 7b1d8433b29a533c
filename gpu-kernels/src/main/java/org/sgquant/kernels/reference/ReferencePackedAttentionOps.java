package org.sgquant.kernels.reference;

import org.sgquant.kernels.PackedAttentionOps;
import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.SoftmaxOrder;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;

/** {@link PackedAttentionOps} one score, one code, one output at a time: the oracle of the other backends. */
public final class ReferencePackedAttentionOps implements PackedAttentionOps {

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
        ReferenceAttention.Score score = (i, e, h) -> {
            float t = target.get(i, h) + source.get(graph.colIdx().get(e), h);
            return t > 0 ? t : slope * t;
        };
        attend(graph, score, x, order, attention, out);
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
        ReferenceAttention.Score score = (i, e, h) -> {
            int j = graph.colIdx().get(e);
            float n = norms.get(0, i) * norms.get(0, j);
            float cosine = n > 0 ? dot(x, i, j) / n : 0;
            return beta == null ? cosine : beta.get(0, 0) * cosine;
        };
        attend(graph, score, x, order, attention, out);
    }

    @Override
    public void norms(PackedMatrix x, FloatMatrix out) {
        out.requireShape(1, x.rows(), "norms: out");
        for (int i = 0; i < x.rows(); i++) {
            float square = dot(x, i, i);
            out.set(0, i, square > 0 ? (float) Math.sqrt(square) : 0);
        }
    }

    @Override
    public void fakeAttention(
            CsrGraph graph, FloatMatrix scores, SoftmaxOrder order, QuantScheme scheme, FloatMatrix out) {
        PackedShapes.requireAttentionScheme(graph, graph.rowPtr(), scheme);
        PackedShapes.requireScheme(scores, scheme, "attention scores");
        PackedShapes.requireScheme(out, scheme, "attention");
        try (HostMemory memory = new HostMemory()) {
            PackedMatrix codes = PackedMatrix.allocate(memory, scheme);
            ReferenceAttention attention = new ReferenceAttention(graph, order, codes);
            attention.store((i, e, h) -> scores.get(e, h));
            for (int i = 0; i < graph.numRows(); i++) {
                for (int e = graph.rowPtr().get(i); e < graph.rowPtr().get(i + 1); e++) {
                    for (int h = 0; h < scheme.cols(); h++) {
                        out.set(e, h, attention.weight(i, e, h));
                    }
                }
            }
        }
    }

    private static float dot(PackedMatrix x, int i, int j) {
        Block a = ReferenceAttention.blockOf(x, i);
        Block b = ReferenceAttention.blockOf(x, j);
        Granularity granularity = x.scheme().granularity();
        boolean common = granularity == Granularity.TENSOR || granularity == Granularity.BUCKET;
        if (!common || !a.bits().isInteger() || !b.bits().isInteger()) {
            float acc = 0;
            for (int k = 0; k < x.cols(); k++) {
                acc = Math.fma(x.value(i, k), x.value(j, k), acc);
            }
            return acc;
        }
        long products = 0;
        long left = 0;
        long right = 0;
        for (int k = 0; k < x.cols(); k++) {
            products += (long) x.code(i, k) * x.code(j, k);
            left += x.code(i, k);
            right += x.code(j, k);
        }
        float si = a.params().scale().get(0, 0);
        float sj = b.params().scale().get(0, 0);
        float oi = a.params().offset().get(0, 0);
        float oj = b.params().offset().get(0, 0);
        float constant = (float) x.cols() * (oi * oj);
        return Math.fma(
                si * sj, (float) products, Math.fma(si * oj, (float) left, Math.fma(sj * oi, (float) right, constant)));
    }

    private static void attend(
            CsrGraph graph,
            ReferenceAttention.Score score,
            PackedMatrix x,
            SoftmaxOrder order,
            PackedMatrix codes,
            FloatMatrix out) {
        ReferenceAttention attention = new ReferenceAttention(graph, order, codes);
        attention.store(score);
        for (int i = 0; i < graph.numRows(); i++) {
            for (int c = 0; c < x.cols(); c++) {
                out.set(i, c, attention.sum(x, i, c));
            }
        }
    }
}
