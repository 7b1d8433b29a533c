package org.sgquant.cuda;

import jcuda.driver.CUevent;
import jcuda.driver.JCudaDriver;

/** A point in a stream whose time is taken by the device. */
public final class CudaEvent extends DeviceResource {

    private final CUevent handle = new CUevent();
    private CudaStream stream;

    CudaEvent(CudaDevice device) {
        super(device, "event");
        CudaException.check("cuEventCreate", JCudaDriver.cuEventCreate(handle, 0));
    }

    /** Marks the end of what {@code stream} holds now. */
    public void record(CudaStream stream) {
        use("CudaEvent.record");
        stream.queueFor(device(), "CudaEvent.record");
        stream.refuseInCapture("CudaEvent.record");
        CudaException.check("cuEventRecord", JCudaDriver.cuEventRecord(handle, stream.handle()));
        this.stream = stream;
    }

    /** Waits for this event, then tells the time since {@code start}. */
    public float millisecondsSince(CudaEvent start) {
        use("CudaEvent.millisecondsSince");
        start.requireOpen("CudaEvent.millisecondsSince");
        if (stream == null || start.stream == null) {
            throw new IllegalStateException("CudaEvent.millisecondsSince: both events must be recorded first");
        }
        stream.check("cuEventSynchronize", JCudaDriver.cuEventSynchronize(handle));
        float[] milliseconds = new float[1];
        CudaException.check("cuEventElapsedTime", JCudaDriver.cuEventElapsedTime(milliseconds, start.handle, handle));
        return milliseconds[0];
    }

    @Override
    void free() {
        CudaException.check("cuEventDestroy", JCudaDriver.cuEventDestroy(handle));
    }
}
