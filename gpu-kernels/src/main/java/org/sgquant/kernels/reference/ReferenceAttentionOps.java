package org.sgquant.kernels.reference;

import java.util.Arrays;
import org.sgquant.kernels.AttentionOps;
import org.sgquant.kernels.AttentionShapes;
import org.sgquant.kernels.Exp;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** {@link AttentionOps} in plain loops; sums and exponentials in double where the bits need not be those of all. */
public final class ReferenceAttentionOps implements AttentionOps {

    /** Told of every edge with its target, source and head. */
    @FunctionalInterface
    private interface EdgeBody {
        void accept(int e, int i, int j, int h);
    }

    private static void eachEdge(CsrGraph graph, int heads, EdgeBody body) {
        for (int i = 0; i < graph.numRows(); i++) {
            for (int e = graph.rowPtr().get(i); e < graph.rowPtr().get(i + 1); e++) {
                for (int h = 0; h < heads; h++) {
                    body.accept(e, i, graph.colIdx().get(e), h);
                }
            }
        }
    }

    @Override
    public void sddmm(CsrGraph graph, FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        int width = AttentionShapes.requireSddmm(graph, a, b, out);
        eachEdge(graph, out.cols(), (e, i, j, h) -> {
            double sum = 0;
            for (int c = h * width; c < (h + 1) * width; c++) {
                sum += (double) a.get(i, c) * b.get(j, c);
            }
            out.set(e, h, (float) sum);
        });
    }

    @Override
    public void spmmHeads(CsrGraph graph, FloatMatrix w, FloatMatrix x, FloatMatrix out) {
        int width = AttentionShapes.requireSpmmHeads(graph, w, x, out);
        for (int i = 0; i < graph.numRows(); i++) {
            for (int c = 0; c < x.cols(); c++) {
                double sum = 0;
                for (int e = graph.rowPtr().get(i); e < graph.rowPtr().get(i + 1); e++) {
                    sum += (double) w.get(e, c / width) * x.get(graph.colIdx().get(e), c);
                }
                out.set(i, c, (float) sum);
            }
        }
    }

    @Override
    public void edgeScores(CsrGraph graph, FloatMatrix target, FloatMatrix source, FloatMatrix out) {
        AttentionShapes.requireEdgeScores(graph, target, source, out);
        eachEdge(graph, out.cols(), (e, i, j, h) -> out.set(e, h, target.get(i, h) + source.get(j, h)));
    }

    @Override
    public void sumEdges(CsrGraph graph, FloatMatrix w, FloatMatrix out) {
        AttentionShapes.requireSumEdges(graph, w, out);
        double[][] sums = new double[out.rows()][out.cols()];
        eachEdge(graph, w.cols(), (e, i, j, h) -> sums[i][h] += w.get(e, h));
        for (int i = 0; i < out.rows(); i++) {
            for (int h = 0; h < out.cols(); h++) {
                out.set(i, h, (float) sums[i][h]);
            }
        }
    }

    @Override
    public void softmaxEdges(CsrGraph graph, FloatMatrix s, FloatMatrix out) {
        AttentionShapes.requireSoftmaxEdges(graph, s, out);
        float[][] max = new float[graph.numRows()][s.cols()];
        double[][] sum = new double[graph.numRows()][s.cols()];
        for (float[] row : max) {
            Arrays.fill(row, Float.NEGATIVE_INFINITY);
        }
        eachEdge(graph, s.cols(), (e, i, j, h) -> max[i][h] = Math.max(max[i][h], s.get(e, h)));
        eachEdge(graph, s.cols(), (e, i, j, h) -> sum[i][h] += Math.exp((double) s.get(e, h) - max[i][h]));
        eachEdge(
                graph,
                s.cols(),
                (e, i, j, h) -> out.set(e, h, (float) (Math.exp((double) s.get(e, h) - max[i][h]) / sum[i][h])));
    }

    @Override
    public void softmaxEdgesBackward(CsrGraph graph, FloatMatrix y, FloatMatrix gradY, FloatMatrix gradS) {
        AttentionShapes.requireSoftmaxEdges(graph, y, gradY, gradS);
        double[][] dot = new double[graph.numRows()][y.cols()];
        eachEdge(graph, y.cols(), (e, i, j, h) -> dot[i][h] += (double) y.get(e, h) * gradY.get(e, h));
        eachEdge(
                graph,
                y.cols(),
                (e, i, j, h) -> gradS.set(e, h, (float) (y.get(e, h) * (gradY.get(e, h) - dot[i][h]))));
    }

    @Override
    public void gatherRows(FloatMatrix x, IntArray index, FloatMatrix out) {
        AttentionShapes.requireGatherRows(x, index, out);
        for (int i = 0; i < index.size(); i++) {
            out.setRow(i, x.row(index.get(i)));
        }
    }

    /** Value of an element from that of the operand. */
    @FunctionalInterface
    private interface Element {
        float at(int i, int c);
    }

    private static void fill(FloatMatrix out, Element element) {
        for (int i = 0; i < out.rows(); i++) {
            for (int c = 0; c < out.cols(); c++) {
                out.set(i, c, element.at(i, c));
            }
        }
    }

    @Override
    public void leakyRelu(FloatMatrix x, float slope, FloatMatrix out) {
        AttentionShapes.requireSlope(slope);
        FloatShapes.requireSame(x, out, "leakyRelu: out");
        fill(out, (i, c) -> x.get(i, c) > 0 ? x.get(i, c) : slope * x.get(i, c));
    }

    @Override
    public void leakyReluBackward(FloatMatrix y, float slope, FloatMatrix gradY, FloatMatrix gradX) {
        AttentionShapes.requireSlope(slope);
        FloatShapes.requireSame(y, gradY, "leakyReluBackward: gradY");
        FloatShapes.requireSame(y, gradX, "leakyReluBackward: gradX");
        fill(gradX, (i, c) -> y.get(i, c) > 0 ? gradY.get(i, c) : slope * gradY.get(i, c));
    }

    @Override
    public void elu(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "elu: out");
        fill(out, (i, c) -> x.get(i, c) > 0 ? x.get(i, c) : Exp.exp(x.get(i, c)) - 1);
    }

    @Override
    public void eluBackward(FloatMatrix y, FloatMatrix gradY, FloatMatrix gradX) {
        FloatShapes.requireSame(y, gradY, "eluBackward: gradY");
        FloatShapes.requireSame(y, gradX, "eluBackward: gradX");
        fill(gradX, (i, c) -> y.get(i, c) > 0 ? gradY.get(i, c) : gradY.get(i, c) * (y.get(i, c) + 1));
    }

    @Override
    public void normalizeRows(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "normalizeRows: out");
        for (int i = 0; i < x.rows(); i++) {
            float norm = norm(x, i);
            for (int c = 0; c < x.cols(); c++) {
                out.set(i, c, norm == 0 ? 0 : x.get(i, c) / norm);
            }
        }
    }

    private static float norm(FloatMatrix x, int i) {
        float sum = 0;
        for (int c = 0; c < x.cols(); c++) {
            sum = Math.fma(x.get(i, c), x.get(i, c), sum);
        }
        return (float) Math.sqrt(sum);
    }

    @Override
    public void normalizeRowsBackward(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradX) {
        FloatShapes.requireSame(x, gradY, "normalizeRowsBackward: gradY");
        FloatShapes.requireSame(x, gradX, "normalizeRowsBackward: gradX");
        for (int i = 0; i < x.rows(); i++) {
            float norm = norm(x, i);
            float dot = 0;
            for (int c = 0; c < x.cols(); c++) {
                dot = Math.fma(x.get(i, c) / norm, gradY.get(i, c), dot);
            }
            for (int c = 0; c < x.cols(); c++) {
                gradX.set(i, c, norm == 0 ? 0 : Math.fma(x.get(i, c) / norm, -dot, gradY.get(i, c)) / norm);
            }
        }
    }

    @Override
    public void spreadHeads(FloatMatrix a, FloatMatrix out) {
        AttentionShapes.requireHeads(a, out);
        fill(out, (r, h) -> r / a.cols() == h ? a.get(h, r % a.cols()) : 0);
    }

    @Override
    public void collectHeads(FloatMatrix x, FloatMatrix out) {
        AttentionShapes.requireHeads(out, x);
        fill(out, (h, f) -> x.get(h * out.cols() + f, h));
    }
}
