package org.sgquant.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.sgquant.cuda.Handles.DevicePointer;

/**
 * Owner of device allocations that live and die together.
 *
 * <p>Its segments carry device addresses: they can be sliced and handed to kernels and copies anywhere, and any access
 * by the host throws {@link WrongThreadException}. Segments of a closed memory are refused by copies; a launch cannot
 * tell them.
 */
public final class DeviceMemory extends DeviceResource {

    private final String purpose;
    private final List<DevicePointer> pointers = new ArrayList<>();
    private long allocatedBytes;

    DeviceMemory(CudaDevice device, String purpose) {
        super(device, "memory '" + purpose + "'");
        this.purpose = purpose;
    }

    /**
     * New zeroed device memory, aligned to 256 bytes; waits until it is zero.
     *
     * @param bytes 0 or more
     * @throws CudaException if the device has too little free, with what holds the rest
     * @throws IllegalStateException in a capture of this thread: a graph cannot allocate
     */
    public MemorySegment allocate(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("DeviceMemory.allocate: bytes must be >= 0, got " + bytes);
        }
        device().refuseWhileCapturing("DeviceMemory.allocate");
        use("DeviceMemory.allocate");
        DevicePointer pointer = new DevicePointer();
        // The driver refuses empty allocations; an empty segment still needs an address.
        long reserved = Math.max(bytes, 1);
        int status = JCudaDriver.cuMemAlloc(pointer, reserved);
        if (status == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
            throw new CudaException("cuMemAlloc", status, device().memoryReport(reserved));
        }
        CudaException.check("cuMemAlloc", status);
        pointers.add(pointer);
        device().allocations().add(pointer.address(), reserved, purpose);
        allocatedBytes += bytes;
        CudaException.check("cuMemsetD8", JCudaDriver.cuMemsetD8(pointer, (byte) 0, reserved));
        // Our streams do not wait for the default stream, on which this memset runs.
        CudaException.check("cuStreamSynchronize", JCudaDriver.cuStreamSynchronize(new CUstream()));
        return DeviceSegments.at(pointer.address(), bytes);
    }

    /** Sum of the bytes allocated. */
    public long allocatedBytes() {
        return allocatedBytes;
    }

    @Override
    void free() {
        device().dropCaptures("the " + description() + " was closed");
        int failure = CUresult.CUDA_SUCCESS;
        for (DevicePointer pointer : pointers) {
            device().allocations().remove(pointer.address());
            int status = JCudaDriver.cuMemFree(pointer);
            failure = failure == CUresult.CUDA_SUCCESS ? status : failure;
        }
        pointers.clear();
        allocatedBytes = 0;
        CudaException.check("cuMemFree", failure);
    }
}
