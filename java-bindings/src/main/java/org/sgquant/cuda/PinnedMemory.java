package org.sgquant.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.sgquant.cuda.Handles.HostPointer;

/** Owner of page-locked host memory, which the device copies from and to without a detour. */
public final class PinnedMemory extends DeviceResource {

    private static final int PORTABLE = 1;
    /** JCuda wraps such memory in a byte buffer. */
    private static final long MAX_BYTES = Integer.MAX_VALUE;

    private final Arena arena = Arena.ofShared();
    private final List<HostPointer> pointers = new ArrayList<>();

    PinnedMemory(CudaDevice device) {
        super(device, "pinned memory");
    }

    /**
     * New zeroed memory that the host may read and write until this owner is closed.
     *
     * @param bytes 0 to 2^31 - 1
     */
    public MemorySegment allocate(long bytes) {
        if (bytes < 0 || bytes > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "PinnedMemory.allocate: bytes must be in 0.." + MAX_BYTES + ", got " + bytes);
        }
        device().refuseWhileCapturing("PinnedMemory.allocate");
        use("PinnedMemory.allocate");
        HostPointer pointer = new HostPointer();
        long reserved = Math.max(bytes, 1);
        CudaException.check("cuMemHostAlloc", JCudaDriver.cuMemHostAlloc(pointer, reserved, PORTABLE));
        pointers.add(pointer);
        return MemorySegment.ofAddress(pointer.address())
                .reinterpret(bytes, arena, null)
                .fill((byte) 0);
    }

    @Override
    void free() {
        device().dropCaptures("the " + description() + " was closed");
        arena.close();
        int failure = CUresult.CUDA_SUCCESS;
        for (HostPointer pointer : pointers) {
            int status = JCudaDriver.cuMemFreeHost(pointer);
            failure = failure == CUresult.CUDA_SUCCESS ? status : failure;
        }
        pointers.clear();
        CudaException.check("cuMemFreeHost", failure);
    }
}
