package org.sgquant.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.sgquant.cuda.DeviceMemory;
import org.sgquant.tensor.CsrGraph;

/**
 * The rows of a graph in the order in which kernels take them: those of most edges first, in classes of degrees
 * [2^k, 2^(k+1)), within a class as they are numbered, which keeps the locality that the numbering has.
 *
 * <p>Rows of the highest classes, the hubs, are also cut into chunks of edges, so that no warp is left with one for
 * long. Made once per graph.
 */
final class RowBins implements AutoCloseable {

    /** Edges of a chunk: at most SGQ_MAX_EDGES of {@code sgq/field_sums.cuh}, at least what keeps a warp at work. */
    static final int MOST_CHUNK_EDGES = 4096;

    static final int LEAST_CHUNK_EDGES = 256;

    /** Warps that a multiprocessor runs at once: a chunk should be no more than one's share of all edges. */
    private static final int WARPS_PER_MULTIPROCESSOR = 64;

    private final DeviceMemory memory;
    private final MemorySegment order;
    private final MemorySegment chunks;
    private final int rows;
    private final int numChunks;
    private final int chunkEdges;
    private final int[] rowsFromClass;

    private RowBins(Launcher launcher, int[] rowPtr) {
        rows = rowPtr.length - 1;
        chunkEdges = chunkEdges(rowPtr[rows], launcher.device().multiprocessors());
        rowsFromClass = countClasses(rowPtr);
        int[] sorted = sort(rowPtr);
        int[] cut = cut(rowPtr, sorted);
        numChunks = cut.length / 2;
        memory = launcher.device().newMemory("row bins");
        order = upload(launcher, sorted);
        chunks = upload(launcher, cut);
    }

    /** The bins of {@code graph}, which lies on the device; made when first asked for. */
    static RowBins of(Launcher launcher, CsrGraph graph) {
        return launcher.derived(
                graph.rowPtr().data(),
                RowBins.class,
                () -> new RowBins(launcher, HostRowPointers.of(launcher, graph).toArray()));
    }

    private MemorySegment upload(Launcher launcher, int[] values) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment device = CudaMemory.allocate(memory, 4L * Math.max(1, values.length));
            MemorySegment host = arena.allocateFrom(JAVA_INT, values);
            launcher.stream().copyToDevice(host, device, host.byteSize());
            return device;
        }
    }

    static int chunkEdges(long edges, int multiprocessors) {
        long share = edges / ((long) WARPS_PER_MULTIPROCESSOR * multiprocessors);
        return Math.clamp(Long.highestOneBit(Math.max(1, share)), LEAST_CHUNK_EDGES, MOST_CHUNK_EDGES);
    }

    /** Number of bits of the row's degree: 0 for 0, k + 1 for [2^k, 2^(k+1)). */
    private static int classOf(int[] rowPtr, int row) {
        return bits(rowPtr[row + 1] - rowPtr[row]);
    }

    private static int bits(int degree) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(degree);
    }

    /** Entry k: rows of class k or a higher one. */
    private static int[] countClasses(int[] rowPtr) {
        int[] count = new int[Integer.SIZE + 1];
        for (int r = 0; r + 1 < rowPtr.length; r++) {
            count[classOf(rowPtr, r)]++;
        }
        for (int k = Integer.SIZE - 1; k >= 0; k--) {
            count[k] += count[k + 1];
        }
        return count;
    }

    /** Counting sort by class, the highest first: the rows of class k follow those of the classes above it. */
    private int[] sort(int[] rowPtr) {
        int[] next = new int[Integer.SIZE + 1];
        System.arraycopy(rowsFromClass, 1, next, 0, Integer.SIZE);
        int[] sorted = new int[rows];
        for (int r = 0; r < rows; r++) {
            sorted[next[classOf(rowPtr, r)]++] = r;
        }
        return sorted;
    }

    /** Pairs of a hub's place in the order and the first edge of one of its chunks. */
    private int[] cut(int[] rowPtr, int[] sorted) {
        IntStream.Builder pairs = IntStream.builder();
        for (int h = 0; h < hubs(); h++) {
            int end = rowPtr[sorted[h] + 1];
            for (long e = rowPtr[sorted[h]]; e < end; e += chunkEdges) {
                pairs.add(h).add((int) e);
            }
        }
        return pairs.build().toArray();
    }

    /** Row numbers, most edges first. */
    MemorySegment order() {
        return order;
    }

    int rows() {
        return rows;
    }

    /** Chunks of the hubs, as pairs of int32: the hub's place in {@link #order}, the chunk's first edge. */
    MemorySegment chunks() {
        return chunks;
    }

    int numChunks() {
        return numChunks;
    }

    int chunkEdges() {
        return chunkEdges;
    }

    /** Rows that are cut into chunks: those of at least {@link #chunkEdges} edges. */
    int hubs() {
        return rowsFrom(chunkEdges);
    }

    /** Rows of at least {@code degree} edges, a power of two: the first ones of {@link #order}. */
    int rowsFrom(int degree) {
        return rowsFromClass[bits(degree)];
    }

    @Override
    public void close() {
        memory.close();
    }
}
