package org.sgquant.kernels.cuda;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
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
        if (x.scheme().hasIntegerSum()) {
            sums.spmm(graph, x, out);
        } else {
            aggregation.spmm(graph, x, out);
        }
    }

    void spmmWeighted(CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix out) {
        aggregation.spmmWeighted(graph, weights, x, out);
    }

    void gemm(PackedMatrix a, FloatMatrix w, FloatMatrix c) {
        aggregation.gemm(a, w, c);
    }

    void spmmGemm(
            CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
        if (weights == null && x.scheme().hasIntegerSum()) {
            sums.spmmGemm(graph, x, rowScale, w, out);
        } else {
            aggregation.spmmGemm(graph, weights, x, rowScale, w, out);
        }
    }
}
