package org.sgquant.cuda;

import java.lang.foreign.MemorySegment;

/** Refuses copies that would leave their memory: a sentence instead of a dead process. */
final class CopyChecks {

    private CopyChecks() {}

    /**
     * @throws IllegalArgumentException if {@code segment} is no device memory or has fewer than {@code bytes}
     * @throws IllegalStateException if its memory is closed
     */
    static void requireDevice(String call, Allocations live, MemorySegment segment, long bytes) {
        if (!DeviceSegments.isDevice(segment)) {
            throw new IllegalArgumentException(
                    call + ": the device segment must come from DeviceMemory, got " + segment);
        }
        requireBytes(call, "device", segment, bytes);
        if (!live.contains(segment.asSlice(0, bytes))) {
            throw new IllegalStateException(
                    call + ": the device segment must lie in open memory of the stream's device, got "
                            + ByteCount.format(bytes) + " at 0x" + Long.toHexString(segment.address())
                            + " (was its DeviceMemory closed?)");
        }
    }

    /**
     * @throws IllegalArgumentException if {@code segment} is no host memory outside the heap that can be used as asked
     * @throws IllegalStateException if its arena is closed
     */
    static void requireHost(String call, MemorySegment segment, long bytes, boolean written) {
        if (!segment.isNative() || DeviceSegments.isDevice(segment)) {
            throw new IllegalArgumentException(
                    call + ": the host segment must be host memory outside the Java heap, got " + segment);
        }
        requireBytes(call, "host", segment, bytes);
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException(call + ": the arena of the host segment is closed");
        }
        if (!segment.isAccessibleBy(Thread.currentThread())) {
            throw new IllegalArgumentException(call + ": the host segment belongs to another thread");
        }
        if (written && segment.isReadOnly()) {
            throw new IllegalArgumentException(call + ": the host segment is read-only");
        }
    }

    private static void requireBytes(String call, String which, MemorySegment segment, long bytes) {
        if (bytes < 0 || bytes > segment.byteSize()) {
            throw new IllegalArgumentException(call + ": bytes must be in 0.." + segment.byteSize()
                    + ", the size of the " + which + " segment, got " + bytes);
        }
    }
}
