package org.sgquant.cuda;

import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.sgquant.cuda.Handles.GraphExec;

/** Launches recorded by {@link CudaStream#beginCapture}, to be repeated by one call each time. */
public final class CudaGraph extends DeviceResource {

    private final GraphExec handle;
    private final long address;
    private final String label;

    /** @param kernels the recorded kernels in words */
    CudaGraph(CudaDevice device, GraphExec handle, String kernels) {
        super(device, "graph");
        this.handle = handle;
        this.address = handle.address();
        this.label = "graph (" + kernels + ")";
    }

    /** Enqueues all recorded work; the memory it was recorded with must still be open. */
    public void launch(CudaStream stream) {
        use("CudaGraph.launch");
        long queue = stream.queueFor(device(), "CudaGraph.launch");
        if (stream.isCapturing()) {
            throw new IllegalStateException("CudaGraph.launch: not possible on a stream that is being captured");
        }
        int status = CudaDriver.launchGraph(address, queue);
        if (status != CUresult.CUDA_SUCCESS) {
            throw new CudaException(
                    "cuGraphLaunch",
                    status,
                    CudaException.text(status) + "; " + label + ", " + device().label() + stream.context());
        }
        CudaCounters.GRAPH_LAUNCHES.increment();
        stream.launched(label);
    }

    @Override
    void free() {
        CudaException.check("cuGraphExecDestroy", JCudaDriver.cuGraphExecDestroy(handle));
    }
}
