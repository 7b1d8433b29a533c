package org.sgquant.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/** {@link Memory} of this process, outside the Java heap and readable from any thread. */
public final class HostMemory implements Memory {

    private static final AtomicLong LIVE = new AtomicLong();
    private static final AtomicLong PEAK = new AtomicLong();

    private final Arena arena = Arena.ofShared();
    private final AtomicLong allocated = new AtomicLong();

    /** Bytes of all host memories that are not closed yet; a test that ends above where it began has a leak. */
    public static long liveBytes() {
        return LIVE.get();
    }

    /** The most that {@link #liveBytes} has been since {@link #resetPeak}. */
    public static long peakBytes() {
        return PEAK.get();
    }

    /** Lets {@link #peakBytes} begin again with what is live now. */
    public static void resetPeak() {
        PEAK.set(LIVE.get());
    }

    @Override
    public MemorySegment allocate(long bytes) {
        long size = Memory.align(Math.max(bytes, 1));
        MemorySegment segment = arena.allocate(size, ALIGNMENT);
        HugePages.request(segment);
        allocated.addAndGet(size);
        PEAK.accumulateAndGet(LIVE.addAndGet(size), Math::max);
        return segment;
    }

    @Override
    public long allocatedBytes() {
        return allocated.get();
    }

    @Override
    public void close() {
        arena.close();
        LIVE.addAndGet(-allocated.get());
    }
}
