package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.sgquant.kernels.AttentionOps;
import org.sgquant.kernels.AttentionShapes;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** {@link AttentionOps}: vectors across columns or heads, rows of the graph shared out by edges. */
public final class CpuAttentionOps implements AttentionOps {

    private final Workers workers;

    public CpuAttentionOps(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void sddmm(CsrGraph graph, FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        int width = AttentionShapes.requireSddmm(graph, a, b, out);
        HeadProducts products = new HeadProducts(graph, a, b, out, width);
        workers.runRows(graph, a.stride(), products::rows);
    }

    @Override
    public void spmmHeads(CsrGraph graph, FloatMatrix w, FloatMatrix x, FloatMatrix out) {
        int width = AttentionShapes.requireSpmmHeads(graph, w, x, out);
        HeadSums sums = new HeadSums(graph, w, x, out, width);
        workers.runRows(graph, x.stride(), sums::rows);
    }

    @Override
    public void edgeScores(CsrGraph graph, FloatMatrix target, FloatMatrix source, FloatMatrix out) {
        AttentionShapes.requireEdgeScores(graph, target, source, out);
        workers.runRows(graph, out.stride(), (from, to) -> EdgeLoops.scores(graph, target, source, out, from, to));
    }

    @Override
    public void sumEdges(CsrGraph graph, FloatMatrix w, FloatMatrix out) {
        AttentionShapes.requireSumEdges(graph, w, out);
        workers.runRows(graph, w.stride(), (from, to) -> EdgeLoops.sum(graph, w, out, from, to));
    }

    @Override
    public void softmaxEdges(CsrGraph graph, FloatMatrix s, FloatMatrix out) {
        AttentionShapes.requireSoftmaxEdges(graph, s, out);
        workers.runRows(graph, 2 * s.stride(), (from, to) -> EdgeLoops.softmax(graph, s, out, from, to));
    }

    @Override
    public void softmaxEdgesBackward(CsrGraph graph, FloatMatrix y, FloatMatrix gradY, FloatMatrix gradS) {
        AttentionShapes.requireSoftmaxEdges(graph, y, gradY, gradS);
        workers.runRows(
                graph, 2 * y.stride(), (from, to) -> EdgeLoops.softmaxBackward(graph, y, gradY, gradS, from, to));
    }

    @Override
    public void gatherRows(FloatMatrix x, IntArray index, FloatMatrix out) {
        AttentionShapes.requireGatherRows(x, index, out);
        long rowBytes = Vectors.rowBytes(x);
        MemorySegment at = index.data();
        workers.run((long) index.size() * x.stride(), index.size(), (from, to) -> {
            for (int i = from; i < to; i++) {
                long source = at.get(JAVA_INT, 4L * i) * rowBytes;
                MemorySegment.copy(x.data(), source, out.data(), i * rowBytes, rowBytes);
            }
        });
    }

    private void overLines(FloatMatrix out, Workers.RangeBody body) {
        workers.run(out.bytes() / Float.BYTES, Vectors.lines(out), body);
    }

    @Override
    public void leakyRelu(FloatMatrix x, float slope, FloatMatrix out) {
        AttentionShapes.requireSlope(slope);
        FloatShapes.requireSame(x, out, "leakyRelu: out");
        overLines(out, (from, to) -> ActivationLoops.leakyRelu(x.data(), slope, out.data(), from, to));
    }

    @Override
    public void leakyReluBackward(FloatMatrix y, float slope, FloatMatrix gradY, FloatMatrix gradX) {
        AttentionShapes.requireSlope(slope);
        FloatShapes.requireSame(y, gradY, "leakyReluBackward: gradY");
        FloatShapes.requireSame(y, gradX, "leakyReluBackward: gradX");
        overLines(
                gradX,
                (from, to) -> ActivationLoops.leakyReluBackward(y.data(), slope, gradY.data(), gradX.data(), from, to));
    }

    @Override
    public void elu(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "elu: out");
        overLines(out, (from, to) -> ActivationLoops.elu(x.data(), out.data(), from, to));
    }

    @Override
    public void eluBackward(FloatMatrix y, FloatMatrix gradY, FloatMatrix gradX) {
        FloatShapes.requireSame(y, gradY, "eluBackward: gradY");
        FloatShapes.requireSame(y, gradX, "eluBackward: gradX");
        overLines(gradX, (from, to) -> ActivationLoops.eluBackward(y.data(), gradY.data(), gradX.data(), from, to));
    }

    @Override
    public void normalizeRows(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "normalizeRows: out");
        workers.run(2L * x.rows() * x.stride(), x.rows(), (from, to) -> RowNorms.normalize(x, out, from, to));
    }

    @Override
    public void normalizeRowsBackward(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradX) {
        FloatShapes.requireSame(x, gradY, "normalizeRowsBackward: gradY");
        FloatShapes.requireSame(x, gradX, "normalizeRowsBackward: gradX");
        workers.run(4L * x.rows() * x.stride(), x.rows(), (from, to) -> RowNorms.backward(x, gradY, gradX, from, to));
    }

    @Override
    public void spreadHeads(FloatMatrix a, FloatMatrix out) {
        AttentionShapes.requireHeads(a, out);
        for (int r = 0; r < out.rows(); r++) {
            for (int h = 0; h < out.cols(); h++) {
                out.set(r, h, r / a.cols() == h ? a.get(h, r % a.cols()) : 0);
            }
        }
    }

    @Override
    public void collectHeads(FloatMatrix x, FloatMatrix out) {
        AttentionShapes.requireHeads(out, x);
        for (int h = 0; h < out.rows(); h++) {
            for (int f = 0; f < out.cols(); f++) {
                out.set(h, f, x.get(h * out.cols() + f, h));
            }
        }
    }
}
