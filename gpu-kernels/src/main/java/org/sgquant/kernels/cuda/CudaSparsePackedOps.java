package org.sgquant.kernels.cuda;

import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.SparsePackedOps;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.SparsePackedMatrix;

/** {@link SparsePackedOps} on a CUDA device: {@code sparse_rows.cu}. */
final class CudaSparsePackedOps implements SparsePackedOps {

    /** Rows that a block of {@code gemm_sparse_packed} takes. */
    private static final int GEMM_ROWS = 8;

    private final Launcher launcher;

    CudaSparsePackedOps(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public void gemm(SparsePackedMatrix a, FloatMatrix w, FloatMatrix c) {
        PackedShapes.requireGemm(a, w, c);
        launcher.kernel("gemm_sparse_packed")
                .pointer(a.data())
                .pointer(w)
                .pointer(c)
                .int32(c.rows())
                .int32(c.cols())
                .run(Math.ceilDiv(c.rows(), GEMM_ROWS));
    }

    @Override
    public void spmm(CsrGraph graph, SparsePackedMatrix x, FloatMatrix out) {
        PackedShapes.requireSpmm(graph, x, out);
        PackedShapes.requireIntegerSum(x);
        launcher.kernel("spmm_csr_sparse_packed")
                .pointer(graph.rowPtr())
                .pointer(graph.colIdx())
                .pointer(x.data())
                .pointer(RowBins.of(launcher, graph).order())
                .pointer(out)
                .run(out.rows());
    }

    @Override
    public void spmmGemm(CsrGraph graph, SparsePackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
        PackedShapes.requireSpmmGemm(graph, x, rowScale, w, out);
        PackedShapes.requireIntegerSum(x);
        launcher.kernel("spmm_gemm_csr_sparse_packed")
                .pointer(graph.rowPtr())
                .pointer(graph.colIdx())
                .pointer(x.data())
                .pointer(rowScale)
                .pointer(w)
                .pointer(RowBins.of(launcher, graph).order())
                .pointer(out)
                .int32(out.cols())
                .run(out.rows());
    }
}
