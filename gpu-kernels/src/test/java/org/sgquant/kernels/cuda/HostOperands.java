package org.sgquant.kernels.cuda;

import org.sgquant.kernels.AttentionOps;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.BatchNorm;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.ElementwiseOps;
import org.sgquant.kernels.LearnedQuantOps;
import org.sgquant.kernels.Multiplicity;
import org.sgquant.kernels.NormOps;
import org.sgquant.kernels.PackedAttentionOps;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.SoftmaxOrder;
import org.sgquant.kernels.SparseOps;
import org.sgquant.kernels.SparsePackedOps;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.LearnedRanges;
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

    static PackedAttentionOps packedAttention(Backend backend) {
        return new PackedAttention(backend);
    }

    static SparsePackedOps sparsePacked(Backend backend) {
        return new SparsePacked(backend);
    }

    static ElementwiseOps elementwise(Backend backend) {
        return new Elementwise(backend);
    }

    static AttentionOps attention(Backend backend) {
        return new HostAttentionOperands(backend);
    }

    static NormOps norm(Backend backend) {
        return new Norm(backend);
    }

    static LearnedQuantOps learnedQuant(Backend backend) {
        return new LearnedQuant(backend);
    }

    private record LearnedQuant(Backend backend) implements LearnedQuantOps {

        @Override
        public void backward(FloatMatrix x, LearnedRanges ranges, FloatMatrix gradY, FloatMatrix gradX) {
            DeviceCall.run(
                    backend,
                    call -> backend.learnedQuant()
                            .backward(call.matrix(x), call.ranges(ranges), call.matrix(gradY), call.matrix(gradX)));
        }

        @Override
        public void addError(FloatMatrix x, FloatMatrix y, LearnedRanges ranges, FloatMatrix gradY) {
            DeviceCall.run(
                    backend,
                    call -> backend.learnedQuant()
                            .addError(call.matrix(x), call.matrix(y), call.ranges(ranges), call.matrix(gradY)));
        }

        @Override
        public void step(LearnedRanges ranges, float rateFactor, StepState state) {
            DeviceCall.run(
                    backend, call -> backend.learnedQuant().step(call.ranges(ranges), rateFactor, call.state(state)));
        }
    }

    private record Sparse(Backend backend) implements SparseOps {

        @Override
        public void spmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.aggregation()
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
        public void gemm(PackedMatrix a, PackedMatrix w, FloatMatrix c) {
            DeviceCall.run(backend, call -> backend.packed().gemm(call.packed(a), call.packed(w), call.matrix(c)));
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

    private record PackedAttention(Backend backend) implements PackedAttentionOps {

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
            DeviceCall.run(
                    backend,
                    call -> backend.packedAttention()
                            .attendAdditive(
                                    call.graph(graph),
                                    call.matrix(target),
                                    call.matrix(source),
                                    slope,
                                    call.packed(x),
                                    order,
                                    call.packed(attention),
                                    call.matrix(out)));
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
            DeviceCall.run(
                    backend,
                    call -> backend.packedAttention()
                            .attendCosine(
                                    call.graph(graph),
                                    call.matrix(norms),
                                    call.matrix(beta),
                                    call.packed(x),
                                    order,
                                    call.packed(attention),
                                    call.matrix(out)));
        }

        @Override
        public void norms(PackedMatrix x, FloatMatrix out) {
            DeviceCall.run(backend, call -> backend.packedAttention().norms(call.packed(x), call.matrix(out)));
        }

        @Override
        public void fakeAttention(
                CsrGraph graph, FloatMatrix scores, SoftmaxOrder order, QuantScheme scheme, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.packedAttention()
                            .fakeAttention(
                                    call.graph(graph),
                                    call.matrix(scores),
                                    order,
                                    call.scheme(scheme),
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
        public void clipBackward(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradX) {
            DeviceCall.run(
                    backend,
                    call -> backend.elementwise().clipBackward(call.matrix(x), call.matrix(gradY), call.matrix(gradX)));
        }

        @Override
        public void dropout(FloatMatrix x, float rate, int stream, StepState state, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.elementwise()
                            .dropout(call.matrix(x), rate, stream, call.state(state), call.matrix(out)));
        }

        @Override
        public void selectRows(
                FloatMatrix probability, int stream, StepState state, FloatMatrix a, FloatMatrix b, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.elementwise()
                            .selectRows(
                                    call.matrix(probability),
                                    stream,
                                    call.state(state),
                                    call.matrix(a),
                                    call.matrix(b),
                                    call.matrix(out)));
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

    private record Norm(Backend backend) implements NormOps {

        private static Multiplicity counts(DeviceCall call, Multiplicity host) {
            return host == null ? null : new Multiplicity(call.matrix(host.counts()), host.total());
        }

        private static BatchNorm norm(DeviceCall call, BatchNorm host) {
            return new BatchNorm(
                    call.matrix(host.gamma()),
                    call.matrix(host.beta()),
                    call.matrix(host.mean()),
                    call.matrix(host.variance()));
        }

        @Override
        public void batchNormMoments(FloatMatrix x, Multiplicity multiplicity, BatchNorm norm, FloatMatrix moments) {
            DeviceCall.run(
                    backend,
                    call -> backend.norm()
                            .batchNormMoments(
                                    call.matrix(x),
                                    counts(call, multiplicity),
                                    norm(call, norm),
                                    call.matrix(moments)));
        }

        @Override
        public void batchNormApply(FloatMatrix x, FloatMatrix moments, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.norm().batchNormApply(call.matrix(x), call.matrix(moments), call.matrix(out)));
        }

        @Override
        public void batchNorm(FloatMatrix x, BatchNorm norm, FloatMatrix out) {
            DeviceCall.run(
                    backend, call -> backend.norm().batchNorm(call.matrix(x), norm(call, norm), call.matrix(out)));
        }

        @Override
        public void batchNormGradGamma(FloatMatrix x, FloatMatrix moments, FloatMatrix gradY, FloatMatrix gradGamma) {
            DeviceCall.run(
                    backend,
                    call -> backend.norm()
                            .batchNormGradGamma(
                                    call.matrix(x), call.matrix(moments), call.matrix(gradY), call.matrix(gradGamma)));
        }

        @Override
        public void batchNormBackward(
                FloatMatrix x,
                Multiplicity multiplicity,
                FloatMatrix moments,
                FloatMatrix gradY,
                FloatMatrix gradGamma,
                FloatMatrix gradBeta,
                FloatMatrix gradX) {
            DeviceCall.run(
                    backend,
                    call -> backend.norm()
                            .batchNormBackward(
                                    call.matrix(x),
                                    counts(call, multiplicity),
                                    call.matrix(moments),
                                    call.matrix(gradY),
                                    call.matrix(gradGamma),
                                    call.matrix(gradBeta),
                                    call.matrix(gradX)));
        }

        @Override
        public void layerNorm(FloatMatrix x, FloatMatrix gamma, FloatMatrix beta, FloatMatrix out) {
            DeviceCall.run(
                    backend,
                    call -> backend.norm()
                            .layerNorm(call.matrix(x), call.matrix(gamma), call.matrix(beta), call.matrix(out)));
        }

        @Override
        public void layerNormGradGamma(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradGamma) {
            DeviceCall.run(
                    backend,
                    call -> backend.norm()
                            .layerNormGradGamma(call.matrix(x), call.matrix(gradY), call.matrix(gradGamma)));
        }

        @Override
        public void layerNormBackward(FloatMatrix x, FloatMatrix gamma, FloatMatrix gradY, FloatMatrix gradX) {
            DeviceCall.run(
                    backend,
                    call -> backend.norm()
                            .layerNormBackward(
                                    call.matrix(x), call.matrix(gamma), call.matrix(gradY), call.matrix(gradX)));
        }
    }
}
