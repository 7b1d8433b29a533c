package org.sgquant.kernels.reference;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;

/** {@code sum over edges e of row i of w_e * x_col(e)}, one output at a time; {@code weights} null for weights of 1. */
record ReferenceAggregation(CsrGraph graph, EdgeWeights weights, PackedMatrix x) {

    float value(int i, int c) {
        int begin = graph.rowPtr().get(i);
        int end = graph.rowPtr().get(i + 1);
        if (weights == null) {
            return unweighted(begin, end, c);
        }
        EdgeWeights.Part part = weights.parts().stream()
                .filter(p -> p.rowStart() <= i && i < p.rowEnd())
                .findFirst()
                .orElseThrow();
        if (part.bits().isPacked() && x.scheme().hasIntegerSum()) {
            return weightedByBlock(part, begin, end, c);
        }
        float acc = 0;
        for (int e = begin; e < end; e++) {
            int at = e - part.edgeStart();
            float weight = part.bits().isPacked()
                    ? part.scale() * part.codes().code(0, at)
                    : part.codes().value(0, at);
            acc = Math.fma(weight, x.value(source(e), c), acc);
        }
        return acc;
    }

    private float unweighted(int begin, int end, int c) {
        QuantScheme scheme = x.scheme();
        float acc = 0;
        int e = begin;
        for (int b = 0; b < scheme.blocks().size(); b++) {
            Block block = scheme.blocks().get(b);
            int blockEnd = endOfBlock(block, e, end);
            if (scheme.hasIntegerSum(block) && e < blockEnd) {
                long sum = 0;
                long count = 0;
                for (int k = e; k < blockEnd; k++) {
                    sum += (long) rowCode(b, source(k)) * x.code(source(k), c);
                    count += rowCode(b, source(k));
                }
                acc = Math.fma(scale(block, c), (float) sum, Math.fma(offset(block, c), (float) count, acc));
            } else {
                for (int k = e; k < blockEnd; k++) {
                    acc += x.value(source(k), c);
                }
            }
            e = blockEnd;
        }
        return acc;
    }

    private float weightedByBlock(EdgeWeights.Part part, int begin, int end, int c) {
        float acc = 0;
        int e = begin;
        for (int b = 0; b < x.scheme().blocks().size(); b++) {
            Block block = x.scheme().blocks().get(b);
            int blockEnd = endOfBlock(block, e, end);
            if (e == blockEnd) {
                continue;
            }
            long sum = 0;
            long weightSum = 0;
            for (; e < blockEnd; e++) {
                long weight = (long) part.codes().code(0, e - part.edgeStart()) * rowCode(b, source(e));
                sum += weight * x.code(source(e), c);
                weightSum += weight;
            }
            float ws = part.scale();
            acc = Math.fma(ws * scale(block, c), (float) sum, Math.fma(ws * offset(block, c), (float) weightSum, acc));
        }
        return acc;
    }

    /** First edge at or after {@code e} whose source lies past {@code block}: columns ascend. */
    private int endOfBlock(Block block, int e, int end) {
        int k = e;
        while (k < end && source(k) < block.rowEnd()) {
            k++;
        }
        return k;
    }

    private int source(int e) {
        return graph.colIdx().get(e);
    }

    private int rowCode(int b, int row) {
        return x.rowCode(b, row - x.scheme().blocks().get(b).rowStart());
    }

    private float scale(Block block, int c) {
        return block.params().scale().get(0, x.scheme().granularity() == Granularity.COLUMN ? c : 0);
    }

    private float offset(Block block, int c) {
        return block.params().offset().get(0, x.scheme().granularity() == Granularity.COLUMN ? c : 0);
    }
}
