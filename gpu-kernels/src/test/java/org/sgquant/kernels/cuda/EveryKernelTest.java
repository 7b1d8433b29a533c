package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sgquant.cuda.CudaCounters;
import org.sgquant.cuda.CudaDevice;
import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.kernels.AttentionFixture;
import org.sgquant.kernels.AttentionOps;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.BatchNorm;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.ElementwiseOps;
import org.sgquant.kernels.LearnedQuantOps;
import org.sgquant.kernels.LossOps;
import org.sgquant.kernels.MultibitOps;
import org.sgquant.kernels.NormOps;
import org.sgquant.kernels.PackedAttentionOps;
import org.sgquant.kernels.PackedFixture;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.PowerOps;
import org.sgquant.kernels.SoftmaxOrder;
import org.sgquant.kernels.SparseOps;
import org.sgquant.kernels.SparsePackedFixture;
import org.sgquant.kernels.SparsePackedOps;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;
import org.sgquant.tensor.SparsePackedMatrix;
import org.sgquant.tensor.SparsePacker;

/** Every operation in every form that has a kernel of its own: no kernel of the list is left out. */
@OnDevice
class EveryKernelTest {

    private static final int SOURCES = 40;
    private static final int COLS = 33;

    @Test
    void every_listed_kernel_has_run() {
        try (Backend backend = CudaBackend.open(0);
                PackedFixture f = new PackedFixture()) {
            for (Granularity granularity : Granularity.values()) {
                for (BitWidth bits : BitWidth.values()) {
                    packed(HostOperands.packed(backend), f, bits, granularity);
                }
            }
            packedAttention(HostOperands.packedAttention(backend), HostOperands.packed(backend), f);
            sparsePacked(HostOperands.sparsePacked(backend), f);
            dense(HostOperands.dense(backend), f);
            sparse(HostOperands.sparse(backend), f);
            elementwise(HostOperands.elementwise(backend), f);
            attention(HostOperands.attention(backend), f);
            norm(HostOperands.norm(backend), f);
            learnedQuant(HostOperands.learnedQuant(backend), f);
            losses(new HostLosses(backend), f);
            powers(new HostPowers(backend), f);
            multibit(new HostMultibit(backend), f);
        }
        casts();
        assertThat(CudaCounters.launchedKernels())
                .containsAll(KernelList.load().all().stream()
                        .map(KernelDeclaration::name)
                        .toList());
    }

    /** What only operands of libraries take. */
    private static void casts() {
        try (CudaDevice device = CudaDevice.open(0);
                Launcher launcher = new Launcher(device)) {
            FloatMatrix x = FloatMatrix.view(launcher.scratch("x", FloatMatrix.bytes(5, COLS)), 5, COLS);
            new CudaCasts(launcher).cast("half", x, CudaCasts.Form.FP16);
            launcher.stream().synchronize();
        }
    }

    private static void packed(PackedOps ops, PackedFixture f, BitWidth bits, Granularity granularity) {
        // Short rows, whole warps and a hub that is cut into chunks.
        CsrGraph graph = f.graph(SOURCES, 0, 1, 3, 40, 700, 9000);
        FloatMatrix values = f.matrix(SOURCES, COLS);
        FloatMatrix out = f.output(graph.numRows(), COLS);
        FloatMatrix w = f.matrix(COLS, 7);
        EdgeWeights weights = f.weights(ops, graph, BitWidth.Q4, BitWidth.FP32);
        QuantScheme uniform = f.uniform(SOURCES, COLS, bits, granularity);
        QuantScheme mixed = f.scheme(SOURCES, COLS, bits, granularity, Rounding.NEAREST);
        for (QuantScheme scheme : List.of(uniform, mixed)) {
            for (Calibration calibration :
                    List.of(Calibration.ROW_MEAN, Calibration.MSE, Calibration.percentile(0.99), Calibration.MIN_MAX)) {
                ops.calibrate(values, scheme, calibration);
            }
            FloatMatrix fake = f.output(SOURCES, COLS);
            ops.fakeQuantize(values, scheme, fake);
            ops.fakeQuantizeStochastic(values, scheme, 0, StepState.allocate(f.memory()), fake);
            ops.fakeQuantizeBackward(values, scheme, values, fake);
            PackedMatrix x = f.packed(ops, values, scheme);
            ops.unpack(x, fake);
            ops.spmm(graph, x, out);
            ops.spmmWeighted(graph, weights, x, out);
            for (int outputs : new int[] {7, 20, 40}) {
                ops.gemm(x, f.matrix(COLS, outputs), f.output(SOURCES, outputs));
            }
            PackedMatrix codes = f.packed(ops, w, f.uniform(COLS, 7, BitWidth.Q8, Granularity.COLUMN));
            if (scheme.hasIntegerProduct(codes.scheme())) {
                ops.gemm(x, codes, f.output(SOURCES, 7));
            }
            ops.spmmGemm(graph, null, x, null, w, f.output(graph.numRows(), 7));
            ops.spmmGemm(graph, weights, x, f.matrix(1, graph.numRows()), w, f.output(graph.numRows(), 7));
        }
    }

    private static void packedAttention(PackedAttentionOps ops, PackedOps packed, PackedFixture f) {
        int[] degrees = new int[SOURCES];
        Arrays.fill(degrees, 3);
        CsrGraph graph = f.graph(SOURCES, degrees);
        PackedMatrix x =
                f.packed(packed, f.matrix(SOURCES, COLS), f.uniform(SOURCES, COLS, BitWidth.Q4, Granularity.TENSOR));
        QuantScheme scheme = AttentionFixture.scheme(f, graph, 1, Rounding.NEAREST, BitWidth.Q4);
        PackedMatrix codes = PackedMatrix.allocate(f.memory(), scheme);
        FloatMatrix out = f.output(SOURCES, COLS);
        FloatMatrix norms = f.output(1, SOURCES);
        FloatMatrix scores = f.matrix(SOURCES, 1);
        ops.norms(x, norms);
        ops.attendCosine(graph, norms, f.filled(1, 1, 1), x, SoftmaxOrder.ROUND_THEN_DIVIDE, codes, out);
        ops.attendAdditive(graph, scores, scores, 0.2f, x, SoftmaxOrder.DIVIDE_THEN_ROUND, codes, out);
        FloatMatrix weights = f.output(graph.numEdges(), 1);
        ops.fakeAttention(graph, f.matrix(graph.numEdges(), 1), SoftmaxOrder.DIVIDE_THEN_ROUND, scheme, weights);
    }

    private static void sparsePacked(SparsePackedOps ops, PackedFixture f) {
        CsrGraph graph = f.graph(SOURCES, 0, 1, 40);
        SparsePackedMatrix x = SparsePacker.encode(
                SparsePackedFixture.packed(f, SOURCES, COLS, BitWidth.Q1, Granularity.COLUMN), f.memory());
        ops.gemm(x, f.matrix(COLS, 7), f.output(SOURCES, 7));
        ops.spmm(graph, x, f.output(3, COLS));
        ops.spmmGemm(graph, x, null, f.matrix(COLS, 7), f.output(3, 7));
    }

    private static void dense(DenseOps ops, PackedFixture f) {
        FloatMatrix a = f.matrix(17, 17);
        for (boolean left : new boolean[] {false, true}) {
            for (boolean right : new boolean[] {false, true}) {
                ops.gemm(a, left, f.matrix(17, 17), right, f.output(17, 17));
            }
        }
    }

    private static void sparse(SparseOps ops, PackedFixture f) {
        CsrGraph graph = f.graph(SOURCES, 0, 1, 50);
        ops.spmm(graph, null, f.matrix(SOURCES, COLS), f.output(3, COLS));
        ops.spmm(graph, f.matrix(1, 51), f.matrix(SOURCES, COLS), f.output(3, COLS));
        ops.gather(f.matrix(1, 3), IntArray.of(f.memory(), 2, 0, 1), f.output(1, 3));
    }

    private static void attention(AttentionOps ops, PackedFixture f) {
        CsrGraph graph = f.graph(SOURCES, 0, 1, 50);
        FloatMatrix edges = f.matrix(51, 3);
        FloatMatrix out = f.output(51, 3);
        ops.sddmm(graph, f.matrix(3, COLS), f.matrix(SOURCES, COLS), out);
        ops.spmmHeads(graph, edges, f.matrix(SOURCES, COLS), f.output(3, COLS));
        ops.edgeScores(graph, f.matrix(3, 3), f.matrix(SOURCES, 3), out);
        ops.sumEdges(graph, edges, f.output(3, 3));
        ops.softmaxEdges(graph, edges, out);
        ops.softmaxEdgesBackward(graph, edges, edges, out);
        ops.gatherRows(edges, IntArray.of(f.memory(), 2, 0, 1), f.output(3, 3));
        ops.leakyRelu(edges, 0.2f, out);
        ops.leakyReluBackward(edges, 0.2f, edges, out);
        ops.elu(edges, out);
        ops.eluBackward(edges, edges, out);
        ops.normalizeRows(edges, out);
        ops.normalizeRowsBackward(edges, edges, out);
        ops.spreadHeads(f.matrix(3, 11), f.output(33, 3));
        ops.collectHeads(f.matrix(33, 3), f.output(3, 11));
    }

    private static void learnedQuant(LearnedQuantOps ops, PackedFixture f) {
        LearnedRanges ranges = LearnedRanges.allocate(f.memory(), f.uniform(5, COLS, BitWidth.Q2, Granularity.COLUMN));
        StepState state = StepState.allocate(f.memory());
        state.set(1, 1, 0.1f);
        ops.backward(f.matrix(5, COLS), ranges, f.matrix(5, COLS), f.output(5, COLS));
        ops.addError(f.matrix(5, COLS), f.matrix(5, COLS), ranges, f.matrix(5, COLS));
        ops.step(ranges, 1, state);
    }

    private static void elementwise(ElementwiseOps ops, PackedFixture f) {
        FloatMatrix x = f.matrix(5, COLS);
        FloatMatrix out = f.output(5, COLS);
        StepState state = StepState.allocate(f.memory());
        state.set(1, 0, 0.1f);
        ops.nextStep(state);
        ops.zero(out);
        ops.copy(x, out);
        ops.add(x, x, out);
        ops.scaleRows(x, f.matrix(1, 5), out);
        ops.addBias(x, f.matrix(1, COLS), out);
        ops.sumRows(x, f.output(1, COLS));
        ops.relu(x, out);
        ops.reluBackward(x, x, out);
        ops.clipBackward(x, x, out);
        ops.dropout(x, 0.5f, 0, state, out);
        ops.selectRows(f.filled(1, 5, 0.5f), 0, state, x, null, out);
        ops.softmax(x, out);
        IntArray labels = IntArray.of(f.memory(), 0, 1, 2, 3, 4);
        ops.softmaxCrossEntropy(x, labels, IntArray.of(f.memory(), 1, 3), out, f.output(1, 2));
        ops.adam(x, out, f.filled(5, COLS, 0), f.filled(5, COLS, 0), 0.1f, state);
    }

    private static void norm(NormOps ops, PackedFixture f) {
        FloatMatrix x = f.matrix(5, COLS);
        FloatMatrix out = f.output(5, COLS);
        FloatMatrix row = f.matrix(1, COLS);
        BatchNorm norm = new BatchNorm(row, row, f.matrix(1, COLS), f.filled(1, COLS, 1));
        FloatMatrix moments = f.output(4, COLS);
        ops.batchNormMoments(x, null, norm, moments);
        ops.batchNormApply(x, moments, out);
        ops.batchNorm(x, norm, out);
        ops.batchNormGradGamma(x, moments, x, f.output(1, COLS));
        ops.batchNormBackward(x, null, moments, x, row, row, out);
        ops.layerNorm(x, row, row, out);
        ops.layerNormGradGamma(x, x, f.output(1, COLS));
        ops.layerNormBackward(x, row, x, out);
    }

    private static void powers(PowerOps ops, PackedFixture f) {
        FloatMatrix x = f.matrix(5, COLS);
        ops.encodePowers(x, f.filled(1, 1, 1), 4, x);
        ops.decodePowers(x, f.filled(1, 1, 1), 4, x);
        ops.hold(x, f.output(5, COLS));
    }

    private static void multibit(MultibitOps ops, PackedFixture f) {
        FloatMatrix x = f.matrix(5, COLS);
        FloatMatrix coordinates = f.output(3, COLS);
        ops.calibrate(x, "x", coordinates);
        ops.fakeQuantize(x, coordinates, x);
    }

    private static void losses(LossOps ops, PackedFixture f) {
        FloatMatrix x = f.matrix(5, COLS);
        FloatMatrix grad = f.output(5, COLS);
        IntArray labels = IntArray.of(f.memory(), 0, 1, 2, 3, 4);
        IntArray nodes = IntArray.of(f.memory(), 1, 3);
        FloatMatrix metrics = f.output(1, 2);
        ops.correctedCrossEntropy(x, labels, nodes, LossOps.Correction.FORWARD, f.matrix(COLS, COLS), grad, metrics);
        ops.distill(x, f.matrix(5, COLS), 2, 0.5f, grad, grad, metrics);
    }
}
