package org.sgquant.kernels.cuda;

import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/** {@link PackedOps} on a CUDA device. */
final class CudaPackedOps implements PackedOps {

    private final CudaCalibrator calibrator;
    private final CudaQuantizer quantizer;
    private final CudaProducts products;

    CudaPackedOps(Launcher launcher) {
        this.calibrator = new CudaCalibrator(launcher);
        this.quantizer = new CudaQuantizer(launcher);
        this.products = new CudaProducts(launcher);
    }

    @Override
    public void calibrate(FloatMatrix x, QuantScheme scheme, Calibration calibration) {
        calibrator.calibrate(x, scheme, calibration);
    }

    @Override
    public void fakeQuantize(FloatMatrix x, QuantScheme scheme, FloatMatrix out) {
        quantizer.fakeQuantize(x, scheme, out);
    }

    @Override
    public void fakeQuantizeStochastic(
            FloatMatrix x, QuantScheme scheme, int stream, StepState state, FloatMatrix out) {
        quantizer.fakeQuantizeStochastic(x, scheme, stream, state, out);
    }

    @Override
    public void fakeQuantizeBackward(FloatMatrix x, QuantScheme scheme, FloatMatrix gradY, FloatMatrix gradX) {
        quantizer.fakeQuantizeBackward(x, scheme, gradY, gradX);
    }

    @Override
    public void pack(FloatMatrix x, PackedMatrix out) {
        quantizer.pack(x, out);
    }

    @Override
    public void unpack(PackedMatrix x, FloatMatrix out) {
        quantizer.unpack(x, out);
    }

    @Override
    public void spmm(CsrGraph graph, PackedMatrix x, FloatMatrix out) {
        products.spmm(graph, x, out);
    }

    @Override
    public void spmmWeighted(CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix out) {
        products.spmmWeighted(graph, weights, x, out);
    }

    @Override
    public void gemm(PackedMatrix a, FloatMatrix w, FloatMatrix c) {
        products.gemm(a, w, c);
    }

    @Override
    public void gemm(PackedMatrix a, PackedMatrix w, FloatMatrix c) {
        products.gemm(a, w, c);
    }

    @Override
    public void spmmGemm(
            CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
        products.spmmGemm(graph, weights, x, rowScale, w, out);
    }
}
