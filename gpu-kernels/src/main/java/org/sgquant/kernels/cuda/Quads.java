package org.sgquant.kernels.cuda;

import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.ShapeException;

/** Numbers of quads, four floats of a row, that kernels of one thread per quad take ({@code sgq/quads.cuh}). */
final class Quads {

    static final int FLOATS = 4;

    /** Threads that kernels number in 32 bits. */
    private static final long MAX_THREADS = 1L << 32;

    /** Binary logarithm of the lanes of a warp. */
    private static final int WARP_BITS = 5;

    private Quads() {}

    /** Binary logarithm of the lanes, a quad each, that take a row of {@code cols} columns together: at most a warp. */
    static int laneBits(int cols) {
        int quads = Math.max(1, Math.ceilDiv(cols, FLOATS));
        return Math.min(WARP_BITS, Integer.SIZE - Integer.numberOfLeadingZeros(quads - 1));
    }

    /**
     * Runs {@code launch} of the kernel {@code name}, which lacks only its last argument, the bits of {@link #laneBits}:
     * up to a warp for each of {@code rows}, further columns on grid y.
     */
    static void runRows(Launcher launcher, String name, Launch launch, int rows, int cols) {
        int laneBits = laneBits(cols);
        launch.int32(laneBits)
                .run(launcher.blocks(name, threads(rows, 1 << laneBits)), Math.ceilDiv(cols, FLOATS << laneBits));
    }

    /** Runs {@code launch} of the kernel {@code name}, which lacks only its last argument, over {@link #all} quads. */
    static void runAll(Launcher launcher, String name, Launch launch, FloatMatrix out) {
        launch.int64(all(out)).run(launcher.blocks(name, all(out)));
    }

    /** Quads of the whole allocation, padding included. */
    static long all(FloatMatrix x) {
        return x.bytes() / Float.BYTES / FLOATS;
    }

    /** Quads of the rows, without the padding that a row has beyond its last quad. */
    static long ofRows(FloatMatrix x) {
        return threads(x.rows(), Math.ceilDiv(x.cols(), FLOATS));
    }

    /** {@code rows * perRow} threads, which a kernel can number. */
    static long threads(int rows, int perRow) {
        long threads = (long) rows * perRow;
        if (threads >= MAX_THREADS) {
            throw new ShapeException("CUDA kernels take fewer than 2^32 threads, got " + rows + " rows of " + perRow);
        }
        return threads;
    }
}
