package org.sgquant.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The arguments of a kernel in off-heap memory: {@link #reset}, then one call per parameter in the kernel's order.
 *
 * <p>The driver copies them when the kernel is launched, so one object serves any number of launches and kernels, with
 * no allocation. Used by one thread at a time.
 */
public final class KernelArguments implements AutoCloseable {

    /** Most bytes that CUDA takes for all arguments of a kernel. */
    private static final long CUDA_BYTES = 4096;
    /** With the padding that every value may need. */
    private static final long VALUE_BYTES = 2 * CUDA_BYTES;

    private static final int MAX_COUNT = 128;
    /** Alignment of every value: that of the most demanding C type. */
    private static final long ALIGNMENT = 16;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment values = arena.allocate(VALUE_BYTES + CUDA_BYTES, ALIGNMENT);
    /**
     * The addresses of the values. The others are valid too: the driver reads as many values as the kernel has
     * parameters, and one too few must not end the process.
     */
    private final MemorySegment addresses = arena.allocate(ValueLayout.JAVA_LONG, MAX_COUNT);

    private int count;
    private long used;

    public KernelArguments() {
        for (int i = 0; i < MAX_COUNT; i++) {
            addresses.setAtIndex(ValueLayout.JAVA_LONG, i, values.address());
        }
    }

    /** Forgets all arguments. */
    public KernelArguments reset() {
        count = 0;
        used = 0;
        return this;
    }

    /** @param device device memory, or null for the null pointer */
    public KernelArguments pointer(MemorySegment device) {
        if (device != null && !DeviceSegments.isDevice(device)) {
            throw new IllegalArgumentException(
                    "KernelArguments.pointer: argument " + count + " must be device memory, got " + device);
        }
        return int64(device == null ? 0 : device.address());
    }

    public KernelArguments int32(int value) {
        values.set(ValueLayout.JAVA_INT, next(Integer.BYTES), value);
        return this;
    }

    public KernelArguments int64(long value) {
        values.set(ValueLayout.JAVA_LONG, next(Long.BYTES), value);
        return this;
    }

    public KernelArguments float32(float value) {
        values.set(ValueLayout.JAVA_FLOAT, next(Float.BYTES), value);
        return this;
    }

    public KernelArguments float64(double value) {
        values.set(ValueLayout.JAVA_DOUBLE, next(Double.BYTES), value);
        return this;
    }

    /** A C struct by value, whose bytes are copied now. */
    public KernelArguments struct(MemorySegment bytes) {
        long position = next(bytes.byteSize());
        MemorySegment.copy(bytes, 0, values, position, bytes.byteSize());
        return this;
    }

    /** Arguments since {@link #reset}. */
    public int count() {
        return count;
    }

    @Override
    public void close() {
        arena.close();
    }

    /** Address of the {@code void*[]} that {@code cuLaunchKernel} takes. */
    long address() {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("KernelArguments: already closed");
        }
        return addresses.address();
    }

    private long next(long bytes) {
        if (count == MAX_COUNT || used + bytes > VALUE_BYTES) {
            throw new IllegalStateException("KernelArguments: at most " + MAX_COUNT + " arguments and " + VALUE_BYTES
                    + " bytes, got argument " + count + " of " + bytes + " bytes after " + used);
        }
        long position = used;
        addresses.setAtIndex(ValueLayout.JAVA_LONG, count++, values.address() + position);
        used = (position + bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        return position;
    }
}
