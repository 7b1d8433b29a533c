package org.sgquant.kernels.reference;

import org.sgquant.kernels.Exp;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.kernels.SoftmaxOrder;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme.Block;

/** Softmax of the scores of all edges, its codes, and the sums weighted by them, in the order of their contract. */
final class ReferenceAttention {

    /** The score of an edge. */
    interface Score {
        float of(int target, int edge, int head);
    }

    private static final float ONE = 0x1p30f;

    private final CsrGraph graph;
    private final SoftmaxOrder order;
    private final PackedMatrix attention;

    ReferenceAttention(CsrGraph graph, SoftmaxOrder order, PackedMatrix attention) {
        this.graph = graph;
        this.order = order;
        this.attention = attention;
    }

    /** Computes and stores the codes of all edges. */
    void store(Score score) {
        try (HostMemory memory = new HostMemory()) {
            FloatMatrix values = FloatMatrix.allocate(memory, attention.rows(), attention.cols());
            for (int i = 0; i < graph.numRows(); i++) {
                softmax(i, score, values);
            }
            ReferenceQuantizer.pack(values, attention);
        }
    }

    private void softmax(int i, Score score, FloatMatrix values) {
        for (int e = begin(i); e < end(i); e++) {
            for (int h = 0; h < values.cols(); h++) {
                float s = score.of(i, e, h);
                if (!Float.isFinite(s)) {
                    throw new NonFiniteException(attention.scheme().name(), e, h, s);
                }
                values.set(e, h, s);
            }
        }
        boolean codesOfShares = order == SoftmaxOrder.DIVIDE_THEN_ROUND || !isPacked(i);
        for (int h = 0; h < values.cols(); h++) {
            float max = Float.NEGATIVE_INFINITY;
            for (int e = begin(i); e < end(i); e++) {
                max = Math.max(max, values.get(e, h));
            }
            long total = 0;
            for (int e = begin(i); e < end(i); e++) {
                float t = (float) Math.rint(Exp.exp(values.get(e, h) - max) * ONE);
                values.set(e, h, t);
                total += (long) t;
            }
            float divisor = codesOfShares ? (float) total : ONE;
            for (int e = begin(i); e < end(i); e++) {
                values.set(e, h, values.get(e, h) / divisor);
            }
        }
    }

    private boolean isPacked(int i) {
        return begin(i) < end(i) && blockOf(attention, begin(i)).bits().isPacked();
    }

    /** What edge e of row i weighs. */
    float weight(int i, int e, int head) {
        return isPacked(i) ? codeScale(i, head) * attention.code(e, head) : attention.value(e, head);
    }

    /** Column c of row i of the weighted sum of x. */
    float sum(PackedMatrix x, int i, int c) {
        int head = c / (x.cols() / attention.cols());
        if (isPacked(i) && x.scheme().hasIntegerSum()) {
            return integerSum(x, i, head, c);
        }
        boolean packed = isPacked(i);
        float ws = packed ? codeScale(i, head) : 1;
        float acc = 0;
        for (int e = begin(i); e < end(i); e++) {
            float weight = packed ? ws * attention.code(e, head) : attention.value(e, head);
            acc = Math.fma(weight, x.value(graph.colIdx().get(e), c), acc);
        }
        return acc;
    }

    private float integerSum(PackedMatrix x, int i, int head, int c) {
        float ws = codeScale(i, head);
        float acc = 0;
        int e = begin(i);
        for (Block block : x.scheme().blocks()) {
            int first = e;
            long sum = 0;
            long weightSum = 0;
            for (; e < end(i) && graph.colIdx().get(e) < block.rowEnd(); e++) {
                long weight = attention.code(e, head);
                sum += weight * x.code(graph.colIdx().get(e), c);
                weightSum += weight;
            }
            if (e > first) {
                int s = x.scheme().granularity() == Granularity.COLUMN ? c : 0;
                float scale = block.params().scale().get(0, s);
                float offset = block.params().offset().get(0, s);
                acc = Math.fma(ws * scale, (float) sum, Math.fma(ws * offset, (float) weightSum, acc));
            }
        }
        return acc;
    }

    /** What the codes of row {@code i} are multiplied by. */
    private float codeScale(int i, int head) {
        if (order == SoftmaxOrder.DIVIDE_THEN_ROUND) {
            return blockOf(attention, begin(i)).params().scale().get(0, 0);
        }
        long total = 0;
        for (int e = begin(i); e < end(i); e++) {
            total += attention.code(e, head);
        }
        return total > 0 ? 1 / (float) total : 0;
    }

    private int begin(int i) {
        return graph.rowPtr().get(i);
    }

    private int end(int i) {
        return graph.rowPtr().get(i + 1);
    }

    static Block blockOf(PackedMatrix x, int row) {
        return x.scheme().blocks().stream()
                .filter(b -> b.rowStart() <= row && row < b.rowEnd())
                .findFirst()
                .orElseThrow();
    }
}
