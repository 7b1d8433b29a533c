package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.sgquant.cuda.Cusparse;
import org.sgquant.cuda.Cusparse.Algorithm;
import org.sgquant.cuda.Cusparse.Operands;
import org.sgquant.kernels.Aggregation;
import org.sgquant.kernels.AttentionShapes;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.kernels.cuda.CudaCasts.Form;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;

/**
 * {@link Aggregation} of cuSPARSE. Edge values of several heads, which cuSPARSE
 * would want one head after the other, go to our own kernels.
 */
final class CusparseAggregation implements Aggregation {

    private final Launcher launcher;
    private final CudaCasts casts;
    private final Cusparse cusparse;
    private final Operands operands;
    private final Algorithm algorithm;
    private final Form form;
    private final Aggregation own;

    /** @param own what serves several heads */
    CusparseAggregation(Launcher launcher, Operands operands, Algorithm algorithm, Aggregation own) {
        this.launcher = launcher;
        this.casts = new CudaCasts(launcher);
        this.cusparse = launcher.own(launcher.device().newCusparse(launcher.stream()));
        this.operands = operands;
        this.algorithm = algorithm;
        this.form = operands == Operands.FP32 ? Form.FP32 : Form.FP16;
        this.own = own;
    }

    @Override
    public void spmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSpmm(graph, values, x, out);
        product(graph, values, x, out);
    }

    @Override
    public void spmmHeads(CsrGraph graph, FloatMatrix w, FloatMatrix x, FloatMatrix out) {
        AttentionShapes.requireSpmmHeads(graph, w, x, out);
        if (w.cols() == 1) {
            product(graph, w, x, out);
        } else {
            own.spmmHeads(graph, w, x, out);
        }
    }

    private void product(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
        if (out.rows() == 0 || out.cols() == 0) {
            return;
        }
        if (graph.numEdges() == 0) {
            launcher.stream().fill(out.data(), (byte) 0, out.bytes());
            return;
        }
        CusparsePlans plans = CusparsePlans.of(launcher, cusparse, graph);
        MemorySegment edges = values == null
                ? plans.ones(launcher, form, graph.numEdges())
                : casts.compact("cuSPARSE edge values", values, form);
        MemorySegment operand = casts.cast("cuSPARSE operand", x, form);
        LibraryCalls.run(
                () -> plans.product(graph, algorithm, operands, x.cols()).run(edges, operand, out.data()));
    }

    @Override
    public void sddmm(CsrGraph graph, FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        AttentionShapes.requireSddmm(graph, a, b, out);
        if (out.cols() != 1) {
            own.sddmm(graph, a, b, out);
            return;
        }
        if (graph.numEdges() == 0) {
            return;
        }
        if (a.cols() == 0) {
            launcher.stream().fill(out.data(), (byte) 0, out.bytes());
            return;
        }
        MemorySegment samples = launcher.scratch("cuSPARSE samples", (long) graph.numEdges() * Float.BYTES);
        MemorySegment left = casts.cast("cuSPARSE left operand", a, form);
        MemorySegment right = casts.cast("cuSPARSE right operand", b, form);
        CusparsePlans plans = CusparsePlans.of(launcher, cusparse, graph);
        LibraryCalls.run(() -> plans.samples(graph, operands, a.cols()).run(samples, left, right));
        casts.spread(samples, out);
    }
}
