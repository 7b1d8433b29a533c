package org.sgquant.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import org.sgquant.cuda.Handles.DevicePointer;
import org.sgquant.cuda.Handles.HostPointer;
import org.sgquant.cuda.Handles.Stream;

/**
 * A queue of device work that runs in order, beside other streams. Not thread-safe.
 *
 * <p>Calls that wait report what earlier kernels did wrong and name the last ones launched.
 */
public final class CudaStream extends DeviceResource {

    private final Stream handle = new Stream();
    private final long address;
    private final LaunchHistory launched = new LaunchHistory();
    private final StreamCapture capture = new StreamCapture(handle);

    CudaStream(CudaDevice device) {
        super(device, "stream");
        CudaException.check(
                "cuStreamCreate", JCudaDriver.cuStreamCreate(handle, CUstream_flags.CU_STREAM_NON_BLOCKING));
        address = handle.address();
    }

    /** Copies {@code bytes} from the start of {@code host}, which may be reused on return. */
    public void copyToDevice(MemorySegment host, MemorySegment device, long bytes) {
        prepare("CudaStream.copyToDevice", device, bytes);
        CopyChecks.requireHost("CudaStream.copyToDevice", host, bytes, false);
        refuseInCapture("CudaStream.copyToDevice");
        if (bytes == 0) {
            return;
        }
        try {
            check(
                    "cuMemcpyHtoDAsync",
                    JCudaDriver.cuMemcpyHtoDAsync(new DevicePointer(device), new HostPointer(host), bytes, handle));
            // Pinned memory is read after the call returns, and so is any other that the device can read in place.
            synchronize();
        } finally {
            Reference.reachabilityFence(host);
        }
        CudaCounters.COPIES_TO_DEVICE.increment();
    }

    /** Copies {@code bytes} to the start of {@code host} and waits until they are there. */
    public void copyToHost(MemorySegment device, MemorySegment host, long bytes) {
        prepare("CudaStream.copyToHost", device, bytes);
        CopyChecks.requireHost("CudaStream.copyToHost", host, bytes, true);
        refuseInCapture("CudaStream.copyToHost");
        if (bytes == 0) {
            return;
        }
        try {
            check(
                    "cuMemcpyDtoHAsync",
                    JCudaDriver.cuMemcpyDtoHAsync(new HostPointer(host), new DevicePointer(device), bytes, handle));
            synchronize();
        } finally {
            Reference.reachabilityFence(host);
        }
        CudaCounters.COPIES_TO_HOST.increment();
    }

    /** Sets the first {@code bytes} of {@code device}; may be captured. */
    public void fill(MemorySegment device, byte value, long bytes) {
        prepare("CudaStream.fill", device, bytes);
        if (bytes > 0) {
            check("cuMemsetD8Async", JCudaDriver.cuMemsetD8Async(new DevicePointer(device), value, bytes, handle));
        }
    }

    /** Waits for all work of this stream. */
    public void synchronize() {
        use("CudaStream.synchronize");
        refuseInCapture("CudaStream.synchronize");
        check("cuStreamSynchronize", JCudaDriver.cuStreamSynchronize(handle));
        launched.clear();
    }

    /** From now on work of this thread on this stream is recorded instead of done, until {@link #endCapture}. */
    public void beginCapture() {
        use("CudaStream.beginCapture");
        refuseInCapture("CudaStream.beginCapture");
        capture.begin();
    }

    /** What was recorded, ready to be launched. The stream does its work again, even if this throws. */
    public CudaGraph endCapture() {
        use("CudaStream.endCapture");
        return device().own(capture.end(device()));
    }

    /** Drops what was recorded, as after an error in a capture; does nothing outside one. */
    public void abortCapture() {
        use("CudaStream.abortCapture");
        capture.drop("CudaStream.abortCapture was called");
    }

    public boolean isCapturing() {
        return capture.isActive();
    }

    StreamCapture capture() {
        return capture;
    }

    void refuseInCapture(String call) {
        if (isCapturing()) {
            throw new IllegalStateException(call + ": not possible while the stream is being captured");
        }
    }

    Stream handle() {
        return handle;
    }

    /** The driver's address of this stream, which must belong to {@code device}. */
    long queueFor(CudaDevice device, String call) {
        requireOpen(call);
        if (device != device()) {
            throw new IllegalArgumentException(
                    call + ": the stream must be of " + device.label() + ", got one of " + device().label());
        }
        return address;
    }

    void launched(String name) {
        if (isCapturing()) {
            capture.launched(name);
        } else {
            launched.add(name);
        }
    }

    /** What a failure of a call on this stream may come from, to be put behind its text. */
    String context() {
        return isCapturing() ? capture.context() : "; not yet waited for: " + launched.describe();
    }

    /** Checks a call that may also report the failure of earlier work. */
    void check(String call, int status) {
        if (status != CUresult.CUDA_SUCCESS) {
            throw new CudaException(call, status, CudaException.text(status) + context());
        }
    }

    private void prepare(String call, MemorySegment device, long bytes) {
        use(call);
        CopyChecks.requireDevice(call, device().allocations(), device, bytes);
    }

    @Override
    void free() {
        capture.drop("the stream was closed");
        CudaException.check("cuStreamDestroy", JCudaDriver.cuStreamDestroy(handle));
    }
}
