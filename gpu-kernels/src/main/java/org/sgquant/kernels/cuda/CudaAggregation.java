package org.sgquant.kernels.cuda;

import org.sgquant.kernels.PackedShapes;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;

/**
 * Products of packed operands for any widths, granularity and mix of blocks: a quad of columns per thread, each thread
 * walking the edges of its row; rows of most edges go first.
 */
final class CudaAggregation {

    /** Rows that a block of {@code spmm_gemm} takes. */
    private static final int FUSED_ROWS = 32;

    /** Columns of a tile of {@code gemm_codes}. */
    private static final int CODE_COLUMNS = 64;

    /** Rows of a tile of {@code gemm_packed} and {@code gemm_codes}, and columns of the former, which are in its name. */
    private static final int GEMM_ROWS = 64;

    private static final int[] GEMM_COLUMNS = {16, 32, 64};

    private final Launcher launcher;

    CudaAggregation(Launcher launcher) {
        this.launcher = launcher;
    }

    void spmm(CsrGraph graph, PackedMatrix x, FloatMatrix out) {
        PackedShapes.requireSpmm(graph, x, out);
        String name = "spmm_csr_any";
        Launch launch = launcher.kernel(name)
                .pointer(graph.rowPtr())
                .pointer(graph.colIdx())
                .packed(x)
                .int32(isInteger(x, null));
        runRows(name, launch, graph, out);
    }

    void spmmWeighted(CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix out) {
        PackedShapes.requireSpmm(graph, x, out);
        PackedShapes.requireWeights(HostRowPointers.of(launcher, graph), weights);
        String name = "spmm_csr_weighted";
        Launch launch = launcher.kernel(name)
                .pointer(graph.rowPtr())
                .pointer(graph.colIdx())
                .weights(weights)
                .packed(x)
                .int32(isInteger(x, weights));
        runRows(name, launch, graph, out);
    }

    private void runRows(String name, Launch launch, CsrGraph graph, FloatMatrix out) {
        launch.pointer(RowBins.of(launcher, graph).order()).pointer(out).int32(graph.numRows());
        Quads.runRows(launcher, name, launch, graph.numRows(), out.cols());
    }

    void gemm(PackedMatrix a, FloatMatrix w, FloatMatrix c) {
        PackedShapes.requireGemm(a, w, c);
        int columns = GEMM_COLUMNS[0];
        for (int wider : GEMM_COLUMNS) {
            columns = c.cols() > columns ? wider : columns;
        }
        launcher.kernel("gemm_packed_" + columns)
                .packed(a)
                .pointer(w)
                .pointer(c)
                .int32(c.rows())
                .int32(c.cols())
                .run(Math.ceilDiv(c.rows(), GEMM_ROWS), Math.ceilDiv(c.cols(), columns));
    }

    void gemm(PackedMatrix a, PackedMatrix w, FloatMatrix c) {
        PackedShapes.requireGemm(a, w, c);
        launcher.kernel("gemm_codes")
                .packed(a)
                .packed(w)
                .pointer(c)
                .int32(c.rows())
                .int32(c.cols())
                .run(Math.ceilDiv(c.rows(), GEMM_ROWS), Math.ceilDiv(c.cols(), CODE_COLUMNS));
    }

    void spmmGemm(
            CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
        PackedShapes.requireSpmmGemm(graph, x, rowScale, w, out);
        if (weights != null) {
            PackedShapes.requireWeights(HostRowPointers.of(launcher, graph), weights);
        }
        Launch launch = launcher.kernel(weights == null ? "spmm_gemm_csr_any" : "spmm_gemm_csr_weighted")
                .pointer(graph.rowPtr())
                .pointer(graph.colIdx());
        if (weights != null) {
            launch.weights(weights);
        }
        launch.packed(x)
                .int32(isInteger(x, weights))
                .pointer(rowScale)
                .pointer(w)
                .pointer(RowBins.of(launcher, graph).order())
                .pointer(out)
                .int32(out.rows())
                .int32(out.cols())
                .run(Math.ceilDiv(out.rows(), FUSED_ROWS));
    }

    /** 1 where packed blocks of x are summed as integers, by parts of packed weights or without weights; else 0. */
    private static int isInteger(PackedMatrix x, EdgeWeights weights) {
        boolean integer = weights == null
                ? x.scheme().granularity() != Granularity.ROW
                : x.scheme().hasIntegerSum();
        return integer ? 1 : 0;
    }
}
