package org.sgquant.kernels.cuda;

import org.sgquant.kernels.FloatShapes;
import org.sgquant.kernels.SparseOps;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** {@link SparseOps} with up to a warp per row, a quad of columns per lane; rows of most edges go first. */
final class CudaSparseOps implements SparseOps {

    private final Launcher launcher;

    CudaSparseOps(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public void spmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSpmm(graph, values, x, out);
        String name = "spmm_csr_f32";
        Launch launch = launcher.kernel(name)
                .pointer(graph.rowPtr())
                .pointer(graph.colIdx())
                .pointer(values)
                .pointer(x)
                .pointer(RowBins.of(launcher, graph).order())
                .pointer(out)
                .int32(graph.numRows())
                .int32(x.cols());
        Quads.runRows(launcher, name, launch, graph.numRows(), x.cols());
    }

    @Override
    public void gather(FloatMatrix values, IntArray index, FloatMatrix out) {
        FloatShapes.requireGather(values, index, out);
        String name = "gather_f32";
        launcher.kernel(name)
                .pointer(values)
                .pointer(index)
                .pointer(out)
                .int32(index.size())
                .run(launcher.blocks(name, index.size()));
    }
}
