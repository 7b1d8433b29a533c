package org.sgquant.kernels.cuda;

import org.sgquant.kernels.PackedAttentionOps;
import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.SoftmaxOrder;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/** {@link PackedAttentionOps} on a CUDA device: one launch each. */
final class CudaPackedAttentionOps implements PackedAttentionOps {

    /** Binary logarithm of the least lanes of a row, LEAST_LANES of the kernels. */
    private static final int LEAST_LANE_BITS = 3;

    private final Launcher launcher;

    CudaPackedAttentionOps(Launcher launcher) {
        this.launcher = launcher;
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
        PackedShapes.requireAttention(graph, HostRowPointers.of(launcher, graph), x, attention, out);
        PackedShapes.requireAdditiveScores(graph, target, source, attention);
        String name = "attend_additive_csr";
        Launch launch = launcher.kernel(name)
                .pointer(graph.rowPtr())
                .pointer(graph.colIdx())
                .pointer(target)
                .pointer(source)
                .float32(slope);
        run(name, launch, graph, x, order, attention, out);
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
        PackedShapes.requireAttention(graph, HostRowPointers.of(launcher, graph), x, attention, out);
        PackedShapes.requireCosineScores(graph, norms, beta, attention);
        String name = "attend_cosine_csr";
        Launch launch = launcher.kernel(name)
                .pointer(graph.rowPtr())
                .pointer(graph.colIdx())
                .pointer(norms)
                .pointer(beta);
        run(name, launch, graph, x, order, attention, out);
    }

    /** Gives {@code launch} the arguments that both forms end with, and runs it. */
    private void run(
            String name,
            Launch launch,
            CsrGraph graph,
            PackedMatrix x,
            SoftmaxOrder order,
            PackedMatrix attention,
            FloatMatrix out) {
        int laneBits = Math.max(LEAST_LANE_BITS, Quads.laneBits(x.cols()));
        launch.packed(x)
                .int32(x.scheme().hasIntegerSum() ? 1 : 0)
                .packed(attention)
                .int32(order == SoftmaxOrder.ROUND_THEN_DIVIDE ? 1 : 0)
                .pointer(RowBins.of(launcher, graph).order())
                .pointer(out)
                .int32(graph.numRows())
                .int32(laneBits)
                .pointer(launcher.errors().word())
                .int32(launcher.errors().nonFinite(attention.scheme().name(), attention.cols()))
                .run(launcher.blocks(name, Quads.threads(graph.numRows(), 1 << laneBits)));
    }

    @Override
    public void norms(PackedMatrix x, FloatMatrix out) {
        out.requireShape(1, x.rows(), "norms: out");
        String name = "norms_packed";
        launcher.kernel(name).packed(x).pointer(out).int32(x.rows()).run(launcher.blocks(name, x.rows()));
    }

    @Override
    public void fakeAttention(
            CsrGraph graph, FloatMatrix scores, SoftmaxOrder order, QuantScheme scheme, FloatMatrix out) {
        PackedShapes.requireAttentionScheme(graph, HostRowPointers.of(launcher, graph), scheme);
        PackedShapes.requireScheme(scores, scheme, "attention scores");
        PackedShapes.requireScheme(out, scheme, "attention");
        String name = "fake_attention_csr";
        launcher.kernel(name)
                .pointer(graph.rowPtr())
                .pointer(scores)
                .scheme(scheme)
                .int32(order == SoftmaxOrder.ROUND_THEN_DIVIDE ? 1 : 0)
                .pointer(RowBins.of(launcher, graph).order())
                .pointer(out)
                .int32(graph.numRows())
                .pointer(launcher.errors().word())
                .int32(launcher.errors().nonFinite(scheme.name(), scheme.cols()))
                .run(launcher.blocks(name, Quads.threads(graph.numRows(), 1 << LEAST_LANE_BITS)));
    }
}
