package org.sgquant.kernels.cuda;

import org.sgquant.kernels.AttentionOps;
import org.sgquant.kernels.Backend;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** {@link AttentionOps} of a device backend on operands in host memory; its aggregation is that of training. */
record HostAttentionOperands(Backend backend) implements AttentionOps {

    @Override
    public void sddmm(CsrGraph graph, FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        DeviceCall.run(
                backend, c -> backend.aggregation().sddmm(c.graph(graph), c.matrix(a), c.matrix(b), c.matrix(out)));
    }

    @Override
    public void spmmHeads(CsrGraph graph, FloatMatrix w, FloatMatrix x, FloatMatrix out) {
        DeviceCall.run(
                backend, c -> backend.aggregation().spmmHeads(c.graph(graph), c.matrix(w), c.matrix(x), c.matrix(out)));
    }

    @Override
    public void edgeScores(CsrGraph graph, FloatMatrix target, FloatMatrix source, FloatMatrix out) {
        DeviceCall.run(
                backend,
                c -> backend.attention().edgeScores(c.graph(graph), c.matrix(target), c.matrix(source), c.matrix(out)));
    }

    @Override
    public void sumEdges(CsrGraph graph, FloatMatrix w, FloatMatrix out) {
        DeviceCall.run(backend, c -> backend.attention().sumEdges(c.graph(graph), c.matrix(w), c.matrix(out)));
    }

    @Override
    public void softmaxEdges(CsrGraph graph, FloatMatrix s, FloatMatrix out) {
        DeviceCall.run(backend, c -> backend.attention().softmaxEdges(c.graph(graph), c.matrix(s), c.matrix(out)));
    }

    @Override
    public void softmaxEdgesBackward(CsrGraph graph, FloatMatrix y, FloatMatrix gradY, FloatMatrix gradS) {
        DeviceCall.run(
                backend,
                c -> backend.attention()
                        .softmaxEdgesBackward(c.graph(graph), c.matrix(y), c.matrix(gradY), c.matrix(gradS)));
    }

    @Override
    public void gatherRows(FloatMatrix x, IntArray index, FloatMatrix out) {
        DeviceCall.run(backend, c -> backend.attention().gatherRows(c.matrix(x), c.ints(index), c.matrix(out)));
    }

    @Override
    public void leakyRelu(FloatMatrix x, float slope, FloatMatrix out) {
        DeviceCall.run(backend, c -> backend.attention().leakyRelu(c.matrix(x), slope, c.matrix(out)));
    }

    @Override
    public void leakyReluBackward(FloatMatrix y, float slope, FloatMatrix gradY, FloatMatrix gradX) {
        DeviceCall.run(
                backend,
                c -> backend.attention().leakyReluBackward(c.matrix(y), slope, c.matrix(gradY), c.matrix(gradX)));
    }

    @Override
    public void elu(FloatMatrix x, FloatMatrix out) {
        DeviceCall.run(backend, c -> backend.attention().elu(c.matrix(x), c.matrix(out)));
    }

    @Override
    public void eluBackward(FloatMatrix y, FloatMatrix gradY, FloatMatrix gradX) {
        DeviceCall.run(backend, c -> backend.attention().eluBackward(c.matrix(y), c.matrix(gradY), c.matrix(gradX)));
    }

    @Override
    public void normalizeRows(FloatMatrix x, FloatMatrix out) {
        DeviceCall.run(backend, c -> backend.attention().normalizeRows(c.matrix(x), c.matrix(out)));
    }

    @Override
    public void normalizeRowsBackward(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradX) {
        DeviceCall.run(
                backend, c -> backend.attention().normalizeRowsBackward(c.matrix(x), c.matrix(gradY), c.matrix(gradX)));
    }

    @Override
    public void spreadHeads(FloatMatrix a, FloatMatrix out) {
        DeviceCall.run(backend, c -> backend.attention().spreadHeads(c.matrix(a), c.matrix(out)));
    }

    @Override
    public void collectHeads(FloatMatrix x, FloatMatrix out) {
        DeviceCall.run(backend, c -> backend.attention().collectHeads(c.matrix(x), c.matrix(out)));
    }
}
