package org.sgquant.kernels.cpu;

import java.lang.foreign.MemorySegment;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.tensor.FloatMatrix;

/**
 * {@link DenseOps} with vectors across the columns of c, split over its rows.
 *
 * <p>b is read row by row, so a transposed b is first transposed into scratch memory; a is read by single values, for
 * which either order will do.
 */
public final class CpuDenseOps implements DenseOps {

    /** Depth taken at once, so that the rows of b and the cache lines of a stay near; sums wait in c meanwhile. */
    private static final int DEPTH_BLOCK = 256;

    /** Edge of the square that the transposition moves at once. */
    private static final int TILE = 16;

    private final Workers workers;

    public CpuDenseOps(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void gemm(FloatMatrix a, boolean transposeA, FloatMatrix b, boolean transposeB, FloatMatrix c) {
        FloatShapes.requireGemm(a, transposeA, b, transposeB, c);
        FloatMatrix right = transposeB ? transposed(b) : b;
        int depth = right.rows();
        int blocks = Math.ceilDiv(c.rows(), GemmKernel.ROWS);
        long work = (long) c.rows() * c.stride() * Math.max(depth, 1);
        workers.run(work, blocks, (from, to) -> {
            int firstRow = from * GemmKernel.ROWS;
            int endRow = Math.min(to * GemmKernel.ROWS, c.rows());
            c.data()
                    .asSlice(c.rowOffset(firstRow), c.rowOffset(endRow) - c.rowOffset(firstRow))
                    .fill((byte) 0);
            for (int k = 0; k < depth; k += DEPTH_BLOCK) {
                multiply(a, transposeA, right, c, firstRow, endRow, k, Math.min(k + DEPTH_BLOCK, depth));
            }
        });
    }

    /** Adds the terms [k, end) to rows [firstRow, endRow) of c. */
    private static void multiply(
            FloatMatrix a, boolean transposeA, FloatMatrix b, FloatMatrix c, int firstRow, int endRow, int k, int end) {
        long rowStep = transposeA ? Float.BYTES : Vectors.rowBytes(a);
        long depthStep = transposeA ? Vectors.rowBytes(a) : Float.BYTES;
        int vectors = Vectors.count(c.cols());
        for (int v = 0; v < vectors; ) {
            int width = GemmKernel.width(vectors - v);
            long column = v * Vectors.BYTES;
            GemmKernel kernel = new GemmKernel(
                    a.data(),
                    rowStep,
                    depthStep,
                    b.data(),
                    Vectors.rowBytes(b),
                    c.data(),
                    Vectors.rowBytes(c),
                    column,
                    k,
                    end);
            kernel.rows(width, firstRow, endRow);
            v += width;
        }
    }

    private FloatMatrix transposed(FloatMatrix b) {
        MemorySegment scratch = workers.scratch(FloatMatrix.bytes(b.cols(), b.rows()));
        FloatMatrix out = FloatMatrix.view(scratch, b.cols(), b.rows());
        long work = (long) b.rows() * b.cols();
        workers.run(work, Math.ceilDiv(b.rows(), TILE), (from, to) -> {
            for (int r = from * TILE; r < Math.min(to * TILE, b.rows()); r += TILE) {
                for (int col = 0; col < b.cols(); col += TILE) {
                    transposeTile(b, out, r, col);
                }
            }
        });
        return out;
    }

    private static void transposeTile(FloatMatrix b, FloatMatrix out, int row, int col) {
        int rowEnd = Math.min(row + TILE, b.rows());
        int colEnd = Math.min(col + TILE, b.cols());
        for (int c = col; c < colEnd; c++) {
            for (int r = row; r < rowEnd; r++) {
                out.set(c, r, b.get(r, c));
            }
        }
    }
}
