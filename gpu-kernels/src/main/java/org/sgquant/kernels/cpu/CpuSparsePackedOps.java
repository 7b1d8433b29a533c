package org.sgquant.kernels.cpu;

import org.sgquant.kernels.Epilogue;
import org.sgquant.kernels.PackedProduct;
import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.SparsePackedOps;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.SparsePackedMatrix;

/** {@link SparsePackedOps} on the codes that are there, rows shared out over the threads of {@link Workers}. */
final class CpuSparsePackedOps implements SparsePackedOps {

    private final CpuProducts products;

    CpuSparsePackedOps(Workers workers) {
        this.products = new CpuProducts(workers, CpuKernels.JAVA);
    }

    @Override
    public void gemm(SparsePackedMatrix a, FloatMatrix w, FloatMatrix c) {
        PackedShapes.requireGemm(a, w, c);
        products.run(new PackedProduct.SparseGemm(a, w), Epilogue.to(c));
    }

    @Override
    public void spmm(CsrGraph graph, SparsePackedMatrix x, FloatMatrix out) {
        PackedShapes.requireSpmm(graph, x, out);
        products.run(new PackedProduct.SparseSum(graph, x), Epilogue.to(out));
    }

    @Override
    public void spmmGemm(CsrGraph graph, SparsePackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
        PackedShapes.requireSpmmGemm(graph, x, rowScale, w, out);
        products.run(new PackedProduct.SparseSumGemm(graph, x, rowScale, w), Epilogue.to(out));
    }
}
