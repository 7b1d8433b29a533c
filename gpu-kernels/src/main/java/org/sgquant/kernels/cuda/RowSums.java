package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.sgquant.tensor.FloatMatrix;

/** Sums over the rows of a matrix in a fixed order. */
final class RowSums {

    private static final String KERNEL = "sum_rows_f32";

    private RowSums() {}

    /**
     * {@code out_cj = sum of x_ij over the rows i of chunk c}, i ascending from 0; at least one chunk.
     *
     * <p>Rows of x and out are {@code width} floats without a gap.
     */
    static void sum(Launcher launcher, MemorySegment x, int rows, long width, int chunk, MemorySegment out) {
        launcher.kernel(KERNEL)
                .pointer(x)
                .int32(rows)
                .int64(width)
                .int32(chunk)
                .pointer(out)
                .run(chunks(rows, chunk), Math.toIntExact(launcher.blocks(KERNEL, width)));
    }

    /** {@code out_j = sum over i of x_ij}: chunks of {@code chunk} rows, whose sums are then added in order. */
    static void all(Launcher launcher, FloatMatrix x, int chunk, FloatMatrix out) {
        int chunks = chunks(x.rows(), chunk);
        if (chunks == 1) {
            sum(launcher, x.data(), x.rows(), x.stride(), chunk, out.data());
            return;
        }
        MemorySegment sums = launcher.scratch("row sums", FloatMatrix.bytes(chunks, x.cols()));
        sum(launcher, x.data(), x.rows(), x.stride(), chunk, sums);
        sum(launcher, sums, chunks, x.stride(), chunks, out.data());
    }

    static int chunks(int rows, int chunk) {
        return Math.max(1, Math.ceilDiv(rows, chunk));
    }
}
