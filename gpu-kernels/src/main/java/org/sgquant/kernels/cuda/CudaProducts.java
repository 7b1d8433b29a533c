package org.sgquant.kernels.cuda;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;

/** Products of packed operands; which kernels serve which operands. */
final class CudaProducts {

    private final CudaCodeSums sums;
    private final CudaAggregation aggregation;

    CudaProducts(Launcher launcher) {
        this.sums = new CudaCodeSums(launcher);
        this.aggregation = new CudaAggregation(launcher);
    }

    void spmm(CsrGraph graph, PackedMatrix x, FloatMatrix out) {
        if (sumsPlainCodes(x)) {
            sums.spmm(graph, x, out);
        } else {
            aggregation.spmm(graph, x, out);
        }
    }

    /** Row codes are multiplied in edge by edge, which the kernels that add whole words of codes do not. */
    private static boolean sumsPlainCodes(PackedMatrix x) {
        return x.scheme().hasIntegerSum() && x.scheme().granularity() != Granularity.ROW_CODE;
    }

    void spmmWeighted(CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix out) {
        aggregation.spmmWeighted(graph, weights, x, out);
    }

    void gemm(PackedMatrix a, FloatMatrix w, FloatMatrix c) {
        aggregation.gemm(a, w, c);
    }

    void gemm(PackedMatrix a, PackedMatrix w, FloatMatrix c) {
        aggregation.gemm(a, w, c);
    }

    void spmmGemm(
            CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
        if (weights == null && sumsPlainCodes(x)) {
            sums.spmmGemm(graph, x, rowScale, w, out);
        } else {
            aggregation.spmmGemm(graph, weights, x, rowScale, w, out);
        }
    }
}
