package org.sgquant.tensor;

import java.lang.foreign.MemorySegment;

/**
 * Owner of off-heap segments: what was allocated from it lives until {@link #close()}.
 *
 * <p>One owner per segment, no finalizers. A host memory hands out readable segments; a device memory hands out
 * segments that carry device addresses and are reached only through {@code Backend.upload} and {@code download}.
 */
public interface Memory extends AutoCloseable {

    /** Alignment in bytes of every segment and of every row of a {@link FloatMatrix}: one cache line. */
    long ALIGNMENT = 64;

    /** Returns {@code bytes} zeroed bytes, aligned to {@link #ALIGNMENT}. */
    MemorySegment allocate(long bytes);

    /** Bytes handed out so far, each segment rounded up to {@link #ALIGNMENT}: what this memory really holds. */
    long allocatedBytes();

    /** Frees every segment; using one of them afterwards throws {@link IllegalStateException}. */
    @Override
    void close();

    /** Rounds {@code bytes} up to a multiple of {@link #ALIGNMENT}. */
    static long align(long bytes) {
        return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
