package org.sgquant.kernels.cuda;

import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.ElementwiseOps;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.SparseOps;
import org.sgquant.kernels.SparsePackedOps;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.SparsePackedMatrix;

/** The operations of a device backend on operands in host memory, so that the contracts of all backends apply to it. */
final class HostOperands {

    private HostOperands() {}

    static DenseOps dense(Backend backend) {
        return (a, transposeA, b, transposeB, c) -> DeviceCall.run(
                backend,
                call -> backend.dense().gemm(call.matrix(a), transposeA, call.matrix(b), transposeB, call.matrix(c)));
    }

    static SparseOps sparse(Backend backend) {
        return new Sparse(backend);
    }

    static PackedOps packed(Backend backend) {
        return new Packed(backend);
    }

    static SparsePackedOps sparsePacked(Backend backend) {
        return new SparsePacked(backend);
    }

    static ElementwiseOps elementwise(Backend backend) {
        return new Elementwise(backend);
    }

    private record Sparse(Backend backend) implements SparseOps {

        @Override
        public void spmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.sparse()
                            .spmm(call.graph(graph), call.matrix(values), call.matrix(x), call.matrix(out)));
        }

        @Override
        public void gather(FloatMatrix values, IntArray index, FloatMatrix out) {
            DeviceCall.run(
                    backend, call -> backend.sparse().gather(call.matrix(values), call.ints(index), call.matrix(out)));
        }
    }

    private record Packed(Backend backend) implements PackedOps {

        @Override
        public void calibrate(FloatMatrix x, QuantScheme scheme, Calibration calibration) {
            DeviceCall.run(
                    backend, call -> backend.packed().calibrate(call.matrix(x), call.scheme(scheme), calibration));
        }

        @Override
        public void fakeQuantize(FloatMatrix x, QuantScheme scheme, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.packed().fakeQuantize(call.matrix(x), call.scheme(scheme), call.matrix(out)));
        }

        @Override
        public void fakeQuantizeStochastic(
                FloatMatrix x, QuantScheme scheme, int stream, StepState state, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.packed()
                            .fakeQuantizeStochastic(
                                    call.matrix(x), call.scheme(scheme), stream, call.state(state), call.matrix(out)));
        }

        @Override
        public void fakeQuantizeBackward(FloatMatrix x, QuantScheme scheme, FloatMatrix gradY, FloatMatrix gradX) {
            DeviceCall.run(
                    backend,
                    call -> backend.packed()
                            .fakeQuantizeBackward(
                                    call.matrix(x), call.scheme(scheme), call.matrix(gradY), call.matrix(gradX)));
        }

        @Override
        public void pack(FloatMatrix x, PackedMatrix out) {
            DeviceCall.run(backend, call -> backend.packed().pack(call.matrix(x), call.packed(out)));
        }

        @Override
        public void unpack(PackedMatrix x, FloatMatrix out) {
            DeviceCall.run(backend, call -> backend.packed().unpack(call.packed(x), call.matrix(out)));
        }

        @Override
        public void spmm(CsrGraph graph, PackedMatrix x, FloatMatrix out) {
            DeviceCall.run(backend, call -> backend.packed().spmm(call.graph(graph), call.packed(x), call.matrix(out)));
        }

        @Override
        public void spmmWeighted(CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.packed()
                            .spmmWeighted(call.graph(graph), call.weights(weights), call.packed(x), call.matrix(out)));
        }

        @Override
        public void gemm(PackedMatrix a, FloatMatrix w, FloatMatrix c) {
            DeviceCall.run(backend, call -> backend.packed().gemm(call.packed(a), call.matrix(w), call.matrix(c)));
        }

        @Override
        public void spmmGemm(
                CsrGraph graph,
                EdgeWeights weights,
                PackedMatrix x,
                FloatMatrix rowScale,
                FloatMatrix w,
                FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.packed()
                            .spmmGemm(
                                    call.graph(graph),
                                    call.weights(weights),
                                    call.packed(x),
                                    call.matrix(rowScale),
                                    call.matrix(w),
                                    call.matrix(out)));
        }
    }

    private record SparsePacked(Backend backend) implements SparsePackedOps {

        @Override
        public void gemm(SparsePackedMatrix a, FloatMatrix w, FloatMatrix c) {
            DeviceCall.run(
                    backend, call -> backend.sparsePacked().gemm(call.sparsePacked(a), call.matrix(w), call.matrix(c)));
        }

        @Override
        public void spmm(CsrGraph graph, SparsePackedMatrix x, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.sparsePacked().spmm(call.graph(graph), call.sparsePacked(x), call.matrix(out)));
        }

        @Override
        public void spmmGemm(
                CsrGraph graph, SparsePackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.sparsePacked()
                            .spmmGemm(
                                    call.graph(graph),
                                    call.sparsePacked(x),
                                    call.matrix(rowScale),
                                    call.matrix(w),
                                    call.matrix(out)));
        }
    }

    private record Elementwise(Backend backend) implements ElementwiseOps {

        @Override
        public void zero(FloatMatrix out) {
            DeviceCall.run(backend, call -> backend.elementwise().zero(call.matrix(out)));
        }

        @Override
        public void copy(FloatMatrix x, FloatMatrix out) {
            DeviceCall.run(backend, call -> backend.elementwise().copy(call.matrix(x), call.matrix(out)));
        }

        @Override
        public void add(FloatMatrix a, FloatMatrix b, FloatMatrix out) {
            DeviceCall.run(
                    backend, call -> backend.elementwise().add(call.matrix(a), call.matrix(b), call.matrix(out)));
        }

        @Override
        public void scaleRows(FloatMatrix x, FloatMatrix factor, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.elementwise().scaleRows(call.matrix(x), call.matrix(factor), call.matrix(out)));
        }

        @Override
        public void addBias(FloatMatrix x, FloatMatrix bias, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.elementwise().addBias(call.matrix(x), call.matrix(bias), call.matrix(out)));
        }

        @Override
        public void sumRows(FloatMatrix x, FloatMatrix out) {
            DeviceCall.run(backend, call -> backend.elementwise().sumRows(call.matrix(x), call.matrix(out)));
        }

        @Override
        public void relu(FloatMatrix x, FloatMatrix out) {
            DeviceCall.run(backend, call -> backend.elementwise().relu(call.matrix(x), call.matrix(out)));
        }

        @Override
        public void reluBackward(FloatMatrix y, FloatMatrix gradY, FloatMatrix gradX) {
            DeviceCall.run(
                    backend,
                    call -> backend.elementwise().reluBackward(call.matrix(y), call.matrix(gradY), call.matrix(gradX)));
        }

        @Override
        public void dropout(FloatMatrix x, float rate, int stream, StepState state, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.elementwise()
                            .dropout(call.matrix(x), rate, stream, call.state(state), call.matrix(out)));
        }

        @Override
        public void softmaxCrossEntropy(
                FloatMatrix logits, IntArray labels, IntArray nodes, FloatMatrix grad, FloatMatrix metrics) {
            DeviceCall.run(
                    backend,
                    call -> backend.elementwise()
                            .softmaxCrossEntropy(
                                    call.matrix(logits),
                                    call.ints(labels),
                                    call.ints(nodes),
                                    call.matrix(grad),
                                    call.matrix(metrics)));
        }

        @Override
        public void softmax(FloatMatrix x, FloatMatrix out) {
            DeviceCall.run(backend, call -> backend.elementwise().softmax(call.matrix(x), call.matrix(out)));
        }

        @Override
        public void adam(
                FloatMatrix p, FloatMatrix grad, FloatMatrix m, FloatMatrix v, float weightDecay, StepState state) {
            DeviceCall.run(
                    backend,
                    call -> backend.elementwise()
                            .adam(
                                    call.matrix(p),
                                    call.matrix(grad),
                                    call.matrix(m),
                                    call.matrix(v),
                                    weightDecay,
                                    call.state(state)));
        }

        @Override
        public void nextStep(StepState state) {
            DeviceCall.run(backend, call -> backend.elementwise().nextStep(call.state(state)));
        }
    }
}
