package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.tensor.FloatMatrix;

/** {@link DenseOps} by a plain tiled kernel; long sums over rows, as weight gradients are, run in parts. */
final class CudaDenseOps implements DenseOps {

    /** Edge of the tile of outputs that a block of threads makes. */
    private static final int TILE = 64;

    /** Depth that passes through shared memory at once; parts start at multiples of it. */
    private static final int SLICE = 16;

    /** Tiles that keep every GPU of today busy: only products of fewer are split. */
    private static final int ENOUGH_TILES = 512;

    private static final int LEAST_PART = 1024;
    private static final int MAX_PARTS = 64;

    private final Launcher launcher;

    CudaDenseOps(Launcher launcher) {
        this.launcher = launcher;
    }

    @Override
    public void gemm(FloatMatrix a, boolean transposeA, FloatMatrix b, boolean transposeB, FloatMatrix c) {
        FloatShapes.requireGemm(a, transposeA, b, transposeB, c);
        int depth = transposeA ? a.rows() : a.cols();
        int tileRows = Math.ceilDiv(c.rows(), TILE);
        int tileCols = Math.ceilDiv(c.cols(), TILE);
        int chunk = transposeA ? chunk(depth, (long) tileRows * tileCols) : Math.max(depth, 1);
        int parts = Math.max(1, Math.ceilDiv(depth, chunk));
        MemorySegment sums = parts == 1 ? c.data() : launcher.scratch("gemm parts", parts * c.bytes());
        launcher.kernel("gemm_f32_" + (transposeA ? 't' : 'n') + (transposeB ? 't' : 'n'))
                .pointer(a)
                .pointer(b)
                .pointer(sums)
                .int32(c.rows())
                .int32(c.cols())
                .int32(depth)
                .int32(chunk)
                .run(tileRows, tileCols * parts);
        if (parts > 1) {
            RowSums.sum(launcher, sums, parts, c.bytes() / Float.BYTES, parts, c.data());
        }
    }

    /** Terms of one part of a sum of {@code depth} terms, from the shapes alone: as many parts as make enough tiles. */
    static int chunk(int depth, long tiles) {
        long parts = Math.clamp(ENOUGH_TILES / Math.max(tiles, 1), 1, Math.min(MAX_PARTS, 1 + depth / LEAST_PART));
        return Math.max(1, Math.ceilDiv(Math.ceilDiv(depth, (int) parts), SLICE)) * SLICE;
    }
}
