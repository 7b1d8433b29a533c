package org.sgquant.kernels.cpu;

import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.EdgeWeights;

/** Weights of the edges of one target row after another, rows ascending. */
final class PartWeights {

    private final EdgeWeights weights;
    private int p;
    private EdgeWeights.Part part;
    private int rowStart;
    private int[] codes = new int[0];

    PartWeights(EdgeWeights weights) {
        this.weights = weights;
    }

    /** Reads the weights of row {@code i}, whose edges are [from, to). */
    void moveTo(int i, int from, int to) {
        while (part == null || i >= part.rowEnd()) {
            part = weights.parts().get(p++);
        }
        rowStart = from;
        if (part.bits().isPacked()) {
            if (codes.length < to - from) {
                codes = new int[Math.max(to - from, 2 * codes.length)];
            }
            for (int e = from; e < to; e++) {
                codes[e - from] = part.codes().code(0, e - part.edgeStart());
            }
        }
    }

    boolean isPacked() {
        return part.bits().isPacked();
    }

    int maxCode() {
        return part.bits().maxCode();
    }

    float scale() {
        return part.scale();
    }

    int code(int e) {
        return codes[e - rowStart];
    }

    /** {@code scale * code}, or the float of a part of {@link BitWidth#FP32}. */
    float value(int e) {
        return isPacked() ? part.scale() * code(e) : part.codes().value(0, e - part.edgeStart());
    }
}
