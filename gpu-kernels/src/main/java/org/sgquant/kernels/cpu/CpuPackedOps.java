package org.sgquant.kernels.cpu;

import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.CounterRandom;
import org.sgquant.kernels.Epilogue;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.PackedProduct;
import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/** {@link PackedOps} with the Vector API or in C++ on off-heap rows, shared out over the threads of {@link Workers}. */
public final class CpuPackedOps implements PackedOps {

    private final Workers workers;
    private final CpuProducts products;
    private final CpuQuantizer quantizer;

    /** @param kernels that take the sums and products that they are made for; Java takes the others */
    public CpuPackedOps(Workers workers, CpuKernels kernels) {
        this.workers = workers;
        this.products = new CpuProducts(workers, kernels);
        this.quantizer = new CpuQuantizer(workers);
    }

    @Override
    public void calibrate(FloatMatrix x, QuantScheme scheme, Calibration calibration) {
        PackedShapes.requireScheme(x, scheme, "calibrate");
        new CpuCalibrator(workers, x, scheme, calibration).run();
    }

    @Override
    public void fakeQuantize(FloatMatrix x, QuantScheme scheme, FloatMatrix out) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantize");
        PackedShapes.requireScheme(out, scheme, "fakeQuantize out");
        quantizer.fakeQuantize(x, scheme, out);
    }

    @Override
    public void fakeQuantizeStochastic(
            FloatMatrix x, QuantScheme scheme, int stream, StepState state, FloatMatrix out) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantizeStochastic");
        PackedShapes.requireScheme(out, scheme, "fakeQuantizeStochastic out");
        quantizer.fakeQuantizeStochastic(x, scheme, CounterRandom.key(state.seed(), state.step(), stream), out);
    }

    @Override
    public void fakeQuantizeBackward(FloatMatrix x, QuantScheme scheme, FloatMatrix gradY, FloatMatrix gradX) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantizeBackward");
        PackedShapes.requireScheme(gradY, scheme, "fakeQuantizeBackward gradY");
        PackedShapes.requireScheme(gradX, scheme, "fakeQuantizeBackward gradX");
        quantizer.fakeQuantizeBackward(x, scheme, gradY, gradX);
    }

    @Override
    public void pack(FloatMatrix x, PackedMatrix out) {
        PackedShapes.requireScheme(x, out.scheme(), "pack");
        quantizer.pack(x, out);
    }

    @Override
    public void unpack(PackedMatrix x, FloatMatrix out) {
        PackedShapes.requireScheme(out, x.scheme(), "unpack");
        quantizer.unpack(x, out);
    }

    @Override
    public void spmm(CsrGraph graph, PackedMatrix x, FloatMatrix out) {
        PackedShapes.requireSpmm(graph, x, out);
        products.run(new PackedProduct.Sum(graph, null, x), Epilogue.to(out));
    }

    @Override
    public void spmmWeighted(CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix out) {
        PackedShapes.requireSpmm(graph, x, out);
        products.run(new PackedProduct.Sum(graph, weights, x), Epilogue.to(out));
    }

    @Override
    public void gemm(PackedMatrix a, FloatMatrix w, FloatMatrix c) {
        PackedShapes.requireGemm(a, w, c);
        products.run(new PackedProduct.Gemm(a, w), Epilogue.to(c));
    }

    @Override
    public void gemm(PackedMatrix a, PackedMatrix w, FloatMatrix c) {
        PackedShapes.requireGemm(a, w, c);
        products.run(new PackedProduct.CodeGemm(a, w), Epilogue.to(c));
    }

    @Override
    public void spmmGemm(
            CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
        PackedShapes.requireSpmmGemm(graph, x, rowScale, w, out);
        products.run(new PackedProduct.SumGemm(graph, weights, x, rowScale, w), Epilogue.to(out));
    }
}
