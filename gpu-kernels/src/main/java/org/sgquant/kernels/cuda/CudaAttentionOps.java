package org.sgquant.kernels.cuda;

import org.sgquant.kernels.AttentionOps;
import org.sgquant.kernels.AttentionShapes;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** {@link AttentionOps}, one launch each; rows of most edges go first. */
final class CudaAttentionOps implements AttentionOps {

    private static final int WARP = 32;

    private final Launcher launcher;

    CudaAttentionOps(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public void sddmm(CsrGraph graph, FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        int width = AttentionShapes.requireSddmm(graph, a, b, out);
        String name = "sddmm_csr_f32_heads";
        edges(name, graph, true)
                .pointer(a)
                .pointer(b)
                .pointer(RowBins.of(launcher, graph).order())
                .pointer(out)
                .int32(graph.numRows())
                .int32(out.cols())
                .int32(width)
                .run(launcher.blocks(name, Quads.threads(graph.numRows(), WARP)));
    }

    @Override
    public void spmmHeads(CsrGraph graph, FloatMatrix w, FloatMatrix x, FloatMatrix out) {
        int width = AttentionShapes.requireSpmmHeads(graph, w, x, out);
        String name = "spmm_csr_f32_heads";
        Launch launch = edges(name, graph, true)
                .pointer(w)
                .pointer(x)
                .pointer(RowBins.of(launcher, graph).order())
                .pointer(out)
                .int32(graph.numRows())
                .int32(w.cols())
                .int32(width);
        Quads.runRows(launcher, name, launch, graph.numRows(), x.cols());
    }

    @Override
    public void edgeScores(CsrGraph graph, FloatMatrix target, FloatMatrix source, FloatMatrix out) {
        AttentionShapes.requireEdgeScores(graph, target, source, out);
        String name = "edge_scores_csr_f32";
        edges(name, graph, true)
                .pointer(target)
                .pointer(source)
                .pointer(RowBins.of(launcher, graph).order())
                .pointer(out)
                .int32(graph.numRows())
                .int32(out.cols())
                .run(launcher.blocks(name, Quads.threads(graph.numRows(), WARP)));
    }

    @Override
    public void sumEdges(CsrGraph graph, FloatMatrix w, FloatMatrix out) {
        AttentionShapes.requireSumEdges(graph, w, out);
        String name = "sum_edges_csr_f32";
        runPerHead(edges(name, graph, false).pointer(w), name, graph, out, w.cols());
    }

    @Override
    public void softmaxEdges(CsrGraph graph, FloatMatrix s, FloatMatrix out) {
        AttentionShapes.requireSoftmaxEdges(graph, s, out);
        String name = "softmax_edges_csr_f32";
        runPerHead(edges(name, graph, false).pointer(s), name, graph, out, s.cols());
    }

    @Override
    public void softmaxEdgesBackward(CsrGraph graph, FloatMatrix y, FloatMatrix gradY, FloatMatrix gradS) {
        AttentionShapes.requireSoftmaxEdges(graph, y, gradY, gradS);
        String name = "softmax_edges_backward_csr_f32";
        runPerHead(edges(name, graph, false).pointer(y).pointer(gradY), name, graph, gradS, y.cols());
    }

    /** A launch that has the row pointers of {@code graph} and, {@code withSources}, its sources. */
    private Launch edges(String name, CsrGraph graph, boolean withSources) {
        Launch launch = launcher.kernel(name).pointer(graph.rowPtr());
        return withSources ? launch.pointer(graph.colIdx()) : launch;
    }

    /** Launches a thread per row and head: order, output and sizes are what the kernel takes next. */
    private void runPerHead(Launch launch, String name, CsrGraph graph, FloatMatrix out, int heads) {
        launch.pointer(RowBins.of(launcher, graph).order())
                .pointer(out)
                .int32(graph.numRows())
                .int32(heads)
                .run(launcher.blocks(name, Quads.threads(graph.numRows(), heads)));
    }

    @Override
    public void gatherRows(FloatMatrix x, IntArray index, FloatMatrix out) {
        AttentionShapes.requireGatherRows(x, index, out);
        String name = "gather_rows_f32";
        launcher.kernel(name)
                .pointer(x)
                .pointer(index)
                .pointer(out)
                .int32(out.rows())
                .int32(out.cols())
                .run(launcher.blocks(name, Quads.ofRows(out)));
    }

    @Override
    public void leakyRelu(FloatMatrix x, float slope, FloatMatrix out) {
        AttentionShapes.requireSlope(slope);
        FloatShapes.requireSame(x, out, "leakyRelu: out");
        String name = "leaky_relu_f32";
        Quads.runAll(
                launcher, name, launcher.kernel(name).pointer(x).float32(slope).pointer(out), out);
    }

    @Override
    public void leakyReluBackward(FloatMatrix y, float slope, FloatMatrix gradY, FloatMatrix gradX) {
        AttentionShapes.requireSlope(slope);
        FloatShapes.requireSame(y, gradY, "leakyReluBackward: gradY");
        FloatShapes.requireSame(y, gradX, "leakyReluBackward: gradX");
        String name = "leaky_relu_backward_f32";
        Launch launch =
                launcher.kernel(name).pointer(y).float32(slope).pointer(gradY).pointer(gradX);
        Quads.runAll(launcher, name, launch, gradX);
    }

    @Override
    public void elu(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "elu: out");
        String name = "elu_f32";
        Quads.runAll(launcher, name, launcher.kernel(name).pointer(x).pointer(out), out);
    }

    @Override
    public void eluBackward(FloatMatrix y, FloatMatrix gradY, FloatMatrix gradX) {
        FloatShapes.requireSame(y, gradY, "eluBackward: gradY");
        FloatShapes.requireSame(y, gradX, "eluBackward: gradX");
        String name = "elu_backward_f32";
        Quads.runAll(
                launcher, name, launcher.kernel(name).pointer(y).pointer(gradY).pointer(gradX), gradX);
    }

    @Override
    public void normalizeRows(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "normalizeRows: out");
        String name = "normalize_rows_f32";
        runPerRow(launcher.kernel(name).pointer(x).pointer(out), name, out);
    }

    @Override
    public void normalizeRowsBackward(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradX) {
        FloatShapes.requireSame(x, gradY, "normalizeRowsBackward: gradY");
        FloatShapes.requireSame(x, gradX, "normalizeRowsBackward: gradX");
        String name = "normalize_rows_backward_f32";
        runPerRow(launcher.kernel(name).pointer(x).pointer(gradY).pointer(gradX), name, gradX);
    }

    private void runPerRow(Launch launch, String name, FloatMatrix out) {
        launch.int32(out.rows()).int32(out.cols()).run(launcher.blocks(name, out.rows()));
    }

    @Override
    public void spreadHeads(FloatMatrix a, FloatMatrix out) {
        AttentionShapes.requireHeads(a, out);
        String name = "spread_heads_f32";
        runHeads(launcher.kernel(name).pointer(a).pointer(out), name, a, (long) out.rows() * out.cols());
    }

    @Override
    public void collectHeads(FloatMatrix x, FloatMatrix out) {
        AttentionShapes.requireHeads(out, x);
        String name = "collect_heads_f32";
        runHeads(launcher.kernel(name).pointer(x).pointer(out), name, out, (long) out.rows() * out.cols());
    }

    private void runHeads(Launch launch, String name, FloatMatrix heads, long threads) {
        launch.int32(heads.rows()).int32(heads.cols()).run(launcher.blocks(name, threads));
    }
}
