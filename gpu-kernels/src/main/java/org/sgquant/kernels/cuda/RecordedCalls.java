package org.sgquant.kernels.cuda;

import org.sgquant.cuda.CudaGraph;
import org.sgquant.cuda.CudaStream;
import org.sgquant.kernels.Replay;

/**
 * Calls that run once as they are, are recorded as a CUDA graph on the second run, and are launched as one from then on.
 *
 * <p>A small graph network is a row of short kernels whose launches cost more than their work; one launch of the graph
 * replaces them. The first run allocates what recording must not: scratch memory and row bins.
 */
final class RecordedCalls implements Replay {

    private final CudaStream stream;
    private final Runnable calls;
    private boolean warm;
    private CudaGraph graph;

    RecordedCalls(CudaStream stream, Runnable calls) {
        this.stream = stream;
        this.calls = calls;
    }

    @Override
    public void run() {
        if (!warm) {
            calls.run();
            warm = true;
            return;
        }
        if (graph == null) {
            graph = record();
        }
        graph.launch(stream);
    }

    private CudaGraph record() {
        stream.beginCapture();
        boolean recorded = false;
        try {
            calls.run();
            recorded = true;
        } finally {
            if (!recorded) {
                stream.abortCapture();
            }
        }
        return stream.endCapture();
    }

    @Override
    public void close() {
        if (graph != null) {
            graph.close();
            graph = null;
        }
    }
}
