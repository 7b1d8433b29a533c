package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.sgquant.cuda.CudaException;
import org.sgquant.cuda.DeviceMemory;
import org.sgquant.kernels.OutOfDeviceMemoryException;
import org.sgquant.tensor.Memory;

/** {@link Memory} on a CUDA device: segments carry device addresses and cannot be read by the host. */
final class CudaMemory implements Memory {

    private final Launcher launcher;
    private final DeviceMemory memory;
    private final List<MemorySegment> segments = new ArrayList<>();

    CudaMemory(Launcher launcher, String purpose) {
        this.launcher = launcher;
        this.memory = launcher.device().newMemory(purpose);
    }

    @Override
    public MemorySegment allocate(long bytes) {
        MemorySegment segment = allocate(memory, Memory.align(Math.max(bytes, 1)));
        segments.add(segment);
        return segment;
    }

    /**
     * {@code bytes} of {@code memory}.
     *
     * @throws OutOfDeviceMemoryException where the device has too little free
     */
    static MemorySegment allocate(DeviceMemory memory, long bytes) {
        try {
            return memory.allocate(bytes);
        } catch (CudaException e) {
            throw e.isOutOfMemory() ? new OutOfDeviceMemoryException(e.getMessage(), e) : e;
        }
    }

    @Override
    public long allocatedBytes() {
        return memory.allocatedBytes();
    }

    @Override
    public void close() {
        try (memory) {
            // Kernels queued before may still use it.
            launcher.stream().synchronize();
        } finally {
            segments.forEach(launcher::forget);
            segments.clear();
        }
    }
}
