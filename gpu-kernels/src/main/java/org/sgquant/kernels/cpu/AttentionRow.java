package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import org.sgquant.kernels.Exp;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.kernels.SoftmaxOrder;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.PackedLayout;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;
import org.sgquant.tensor.Rounding;
import org.sgquant.tensor.ShapeException;

/** Attention of the edges of one row: its codes and what they weigh; one thread's scratch. */
final class AttentionRow {

    /** Scores of edge e from j to i, one per head, written to {@code into[at ..]}. */
    interface Scores {
        void of(int i, int e, int j, float[] into, int at);
    }

    private static final float ONE = 0x1p30f;

    /** What an array of the JVM holds at most. */
    private static final int MOST_VALUES = Integer.MAX_VALUE - 8;

    private final CsrGraph graph;
    private final Scores scores;
    private final SoftmaxOrder order;
    private final QuantScheme scheme;
    private final RowCodes[] stores;
    private final int heads;
    private final float[] max;
    private final long[] total;
    private final int[] spread;
    private float[] values = new float[0];
    private int[] codes = new int[0];
    private int begin;
    private int end;
    private int b;

    /** Factor of the codes of each head, valid where {@link #isPacked}. */
    final float[] codeScale;

    AttentionRow(CsrGraph graph, Scores scores, SoftmaxOrder order, QuantScheme scheme) {
        this.graph = graph;
        this.scores = scores;
        this.order = order;
        this.scheme = scheme;
        heads = scheme.cols();
        stores = scheme.blocks().stream()
                .map(block -> block.bits().isPacked() ? new RowCodes(block.bits(), heads) : null)
                .toArray(RowCodes[]::new);
        max = new float[heads];
        total = new long[heads];
        codeScale = new float[heads];
        spread = new int[Lanes.padded(heads)];
    }

    /** Computes the attention of row {@code i}. */
    void moveTo(int i) {
        begin = graph.rowPtr().get(i);
        end = graph.rowPtr().get(i + 1);
        if (begin == end) {
            return;
        }
        b = 0;
        while (begin >= scheme.blocks().get(b).rowEnd()) {
            b++;
        }
        int n = requireFits(i);
        if (values.length < n) {
            values = new float[Math.max(n, 2 * values.length)];
            codes = new int[values.length];
        }
        score(i);
        softmax(n);
        if (isPacked()) {
            round(n);
        }
    }

    /** Values of row {@code i}, which an array must hold. */
    private int requireFits(int i) {
        long n = (long) (end - begin) * heads;
        if (n > MOST_VALUES) {
            throw new ShapeException("attention " + scheme.name() + ": got " + (end - begin) + " edges of row " + i
                    + " with " + heads + " heads, the CPU takes at most " + MOST_VALUES + " values of a row");
        }
        return (int) n;
    }

    private void score(int i) {
        for (int e = begin; e < end; e++) {
            int at = (e - begin) * heads;
            scores.of(i, e, source(e), values, at);
            for (int h = 0; h < heads; h++) {
                if (!Float.isFinite(values[at + h])) {
                    throw new NonFiniteException(scheme.name(), e, h, values[at + h]);
                }
            }
        }
    }

    /** values = alpha, or exp(s - max) where that is what becomes codes. */
    private void softmax(int n) {
        Arrays.fill(max, Float.NEGATIVE_INFINITY);
        Arrays.fill(total, 0);
        for (int k = 0; k < n; k++) {
            max[k % heads] = Math.max(max[k % heads], values[k]);
        }
        for (int k = 0; k < n; k++) {
            values[k] = (float) Math.rint(Exp.exp(values[k] - max[k % heads]) * ONE);
            total[k % heads] += (long) values[k];
        }
        boolean shares = order == SoftmaxOrder.DIVIDE_THEN_ROUND || !isPacked();
        for (int k = 0; k < n; k++) {
            values[k] /= shares ? (float) total[k % heads] : ONE;
        }
    }

    private void round(int n) {
        Block block = block();
        float scale = block.params().scale().get(0, 0);
        float maxCode = block.bits().maxCode();
        boolean floor = scheme.rounding() == Rounding.PAPER;
        Arrays.fill(total, 0);
        for (int k = 0; k < n; k++) {
            float u = Math.min(values[k] / scale, maxCode);
            codes[k] = floor ? (int) u : (int) Math.rint(u);
            total[k % heads] += codes[k];
        }
        for (int h = 0; h < heads; h++) {
            codeScale[h] = order == SoftmaxOrder.DIVIDE_THEN_ROUND ? scale : total[h] > 0 ? 1 / (float) total[h] : 0;
        }
    }

    /** Writes the row as codes, or as floats where its block is 32 bits. */
    void store(PackedMatrix attention) {
        if (begin < end && isPacked()) {
            storeCodes(attention);
        } else if (begin < end) {
            storeFloats(attention);
        }
    }

    private void storeCodes(PackedMatrix attention) {
        int first = block().rowStart();
        for (int e = begin; e < end; e++) {
            System.arraycopy(codes, (e - begin) * heads, spread, 0, heads);
            for (int h = 0; h < heads; h += Lanes.FLOATS) {
                stores[b].set(h, IntVector.fromArray(Lanes.INT, spread, h));
            }
            stores[b].store(attention.data(b), (long) (e - first) * attention.stride(b));
        }
    }

    private void storeFloats(PackedMatrix attention) {
        int first = block().rowStart();
        for (int e = begin; e < end; e++) {
            long row = (long) (e - first) * attention.stride(b);
            attention.data(b).asSlice(row, attention.stride(b)).fill((byte) 0);
            for (int h = 0; h < heads; h++) {
                PackedLayout.setFloat(attention.data(b), row, h, values[(e - begin) * heads + h]);
            }
        }
    }

    private Block block() {
        return scheme.blocks().get(b);
    }

    int heads() {
        return heads;
    }

    /** First edge of the row. */
    int begin() {
        return begin;
    }

    int end() {
        return end;
    }

    int source(int e) {
        return graph.colIdx().data().get(JAVA_INT, 4L * e);
    }

    boolean isPacked() {
        return stores[b] != null;
    }

    int maxCode() {
        return block().bits().maxCode();
    }

    int code(int e, int h) {
        return codes[(e - begin) * heads + h];
    }

    /** What edge e weighs: scale times code, or alpha. */
    float weight(int e, int h) {
        return isPacked() ? codeScale[h] * code(e, h) : values[(e - begin) * heads + h];
    }
}
