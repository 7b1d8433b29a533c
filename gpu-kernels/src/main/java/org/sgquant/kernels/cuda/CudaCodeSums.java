package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.sgquant.kernels.PackedShapes;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;

/**
 * Unweighted sums of gathered codes as integers, alone and times a matrix: for packed matrices without a scale per row.
 *
 * <p>Rows of many edges are summed by a warp each, rows of few share one, the longest are cut into chunks ({@link
 * RowBins}); columns go in tiles ({@link SumLayout}).
 */
final class CudaCodeSums {

    private static final int WARP = 32;

    /** Rows of the tile of a fused product, and columns of a slab ({@code sgq/slab_product.cuh}). */
    private static final int SLAB_ROWS = 32;

    private static final int SLAB_DEPTH = 128;
    private static final int SLAB_BYTES = SLAB_ROWS * SLAB_DEPTH * Float.BYTES;

    private final Launcher launcher;

    CudaCodeSums(Launcher launcher) {
        this.launcher = launcher;
    }

    /** {@link org.sgquant.kernels.PackedOps#spmm} where {@link org.sgquant.tensor.QuantScheme#hasIntegerSum}. */
    void spmm(CsrGraph graph, PackedMatrix x, FloatMatrix out) {
        PackedShapes.requireSpmm(graph, x, out);
        if (out.rows() == 0 || out.cols() == 0) {
            return;
        }
        RowBins bins = RowBins.of(launcher, graph);
        SumLayout layout = SumLayout.of(x.scheme());
        int warpRows = warpRows(bins, layout);
        int shortRows = bins.rows() - bins.hubs() - warpRows;
        long items = (long) bins.numChunks() + warpRows + Math.ceilDiv(shortRows, layout.groups());
        MemorySegment hubSums = hubSums(bins, x);
        sum(layout, graph, x, bins, warpRows, bins.rows(), items, hubSums, out);
        if (bins.hubs() > 0) {
            String name = "spmm_csr_hubs" + SumLayout.suffix(x.scheme());
            launcher.kernel(name)
                    .pointer(graph.rowPtr())
                    .pointer(graph.colIdx())
                    .packed(x)
                    .pointer(bins.order())
                    .pointer(hubSums)
                    .pointer(out)
                    .run(bins.hubs(), Math.toIntExact(launcher.blocks(name, x.cols())));
        }
    }

    /** Rows that take a warp each. */
    private static int warpRows(RowBins bins, SumLayout layout) {
        return Math.max(0, bins.rowsFrom(layout.warpDegree()) - bins.hubs());
    }

    /** Exact sums of the hubs, block by block, zero between calls. */
    private MemorySegment hubSums(RowBins bins, PackedMatrix x) {
        long sums = (long) bins.hubs() * x.scheme().blocks().size() * x.cols();
        return sums == 0 ? null : launcher.scratch("sums of hub rows", sums * Long.BYTES);
    }

    /** Sums the chunks of the hubs, then the rows of the order from the hubs on, up to {@code rows}. */
    private void sum(
            SumLayout layout,
            CsrGraph graph,
            PackedMatrix x,
            RowBins bins,
            int warpRows,
            int rows,
            long items,
            MemorySegment hubSums,
            FloatMatrix out) {
        String name = layout.kernel() + SumLayout.suffix(x.scheme());
        int warps = launcher.block(name) / WARP;
        launcher.kernel(name)
                .pointer(graph.rowPtr())
                .pointer(graph.colIdx())
                .packed(x)
                .pointer(bins.order())
                .pointer(bins.chunks())
                .int32(bins.numChunks())
                .int32(bins.chunkEdges())
                .int32(bins.hubs())
                .int32(warpRows)
                .int32(rows)
                .int32(layout.tile())
                .int32(layout.groupLanes())
                .int32(layout.sections())
                .pointer(hubSums)
                .pointer(out)
                .run(Math.ceilDiv(items, warps), layout.tiles(x.cols()), layout.sharedBytes(warps));
    }

    /** {@link org.sgquant.kernels.PackedOps#spmmGemm} without weights, on the same condition. */
    void spmmGemm(CsrGraph graph, PackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
        PackedShapes.requireSpmmGemm(graph, x, rowScale, w, out);
        if (out.rows() == 0 || out.cols() == 0) {
            return;
        }
        RowBins bins = RowBins.of(launcher, graph);
        MemorySegment hubSums = hubSums(bins, x);
        if (hubSums != null) {
            // One block would be long at a hub: its sums are made before, chunk by chunk.
            sum(SumLayout.of(x.scheme()), graph, x, bins, 0, bins.hubs(), bins.numChunks(), hubSums, null);
        }
        SumLayout layout = SumLayout.of(x.scheme(), SLAB_DEPTH);
        String name = "spmm_gemm_csr_mixed" + SumLayout.suffix(x.scheme());
        launcher.kernel(name)
                .pointer(graph.rowPtr())
                .pointer(graph.colIdx())
                .packed(x)
                .pointer(rowScale)
                .pointer(bins.order())
                .int32(bins.rows())
                .int32(bins.hubs())
                .int32(warpRows(bins, layout))
                .int32(layout.tile())
                .int32(layout.groupLanes())
                .int32(layout.sections())
                .pointer(hubSums)
                .pointer(w)
                .pointer(out)
                .int32(out.cols())
                .run(
                        Math.ceilDiv(bins.rows(), SLAB_ROWS),
                        1,
                        SLAB_BYTES + layout.sharedBytes(launcher.block(name) / WARP));
    }
}
