package org.sgquant.cuda;

import jcuda.driver.CUgraph;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;
import org.sgquant.cuda.Handles.GraphExec;

/** Whether a stream records its work, since when and by whom. */
final class StreamCapture {

    private final CUstream stream;
    private final LaunchHistory recorded = new LaunchHistory();
    /** Who captures, null outside a capture. */
    private Thread capturer;
    /** Why there is no capture, as far as it needs an explanation. */
    private String ended = "";

    StreamCapture(CUstream stream) {
        this.stream = stream;
    }

    boolean isActive() {
        return capturer != null;
    }

    boolean isBy(Thread thread) {
        return thread.equals(capturer);
    }

    void begin() {
        CudaException.check(
                "cuStreamBeginCapture",
                JCudaDriver.cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
        recorded.clear();
        capturer = Thread.currentThread();
    }

    void launched(String kernel) {
        recorded.add(kernel);
    }

    /** The recorded graph; the capture is over, even if this throws. */
    CudaGraph end(CudaDevice device) {
        if (!isActive()) {
            throw new IllegalStateException("CudaStream.endCapture: the stream is not being captured" + ended);
        }
        CUgraph graph = new CUgraph();
        int status = JCudaDriver.cuStreamEndCapture(stream, graph);
        capturer = null;
        ended = "";
        check("cuStreamEndCapture", status);
        GraphExec executable = new GraphExec();
        int instantiated = JCudaDriver.cuGraphInstantiate(executable, graph, 0);
        int destroyed = JCudaDriver.cuGraphDestroy(graph);
        check("cuGraphInstantiate", instantiated);
        check("cuGraphDestroy", destroyed);
        return new CudaGraph(device, executable, recorded.describe());
    }

    /** Drops what was recorded, if there is a capture. */
    void drop(String reason) {
        if (isActive()) {
            capturer = null;
            ended = ": it was dropped when " + reason;
            CUgraph graph = new CUgraph();
            // An error in the capture has left no graph, and this call says so again: nothing to drop.
            if (JCudaDriver.cuStreamEndCapture(stream, graph) == CUresult.CUDA_SUCCESS) {
                CudaException.check("cuGraphDestroy", JCudaDriver.cuGraphDestroy(graph));
            }
        }
    }

    /** What a failing call is put into context with. */
    String context() {
        return "; while a graph was being captured, after " + recorded.describe();
    }

    private void check(String call, int status) {
        if (status != CUresult.CUDA_SUCCESS) {
            throw new CudaException(call, status, CudaException.text(status) + context());
        }
    }
}
