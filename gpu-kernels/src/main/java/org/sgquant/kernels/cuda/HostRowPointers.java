package org.sgquant.kernels.cuda;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.IntArray;

/** Row pointers of a graph on the device, copied to the host once: shapes of edge weights are checked against them. */
final class HostRowPointers implements AutoCloseable {

    private final HostMemory memory = new HostMemory();
    private final IntArray rowPtr;

    private HostRowPointers(Launcher launcher, CsrGraph graph) {
        rowPtr = IntArray.allocate(memory, graph.rowPtr().size());
        launcher.stream().copyToHost(graph.rowPtr().data(), rowPtr.data(), rowPtr.bytes());
    }

    /** The row pointers of {@code graph}, readable by the host for as long as the graph exists. */
    static IntArray of(Launcher launcher, CsrGraph graph) {
        return launcher.derived(
                        graph.rowPtr().data(), HostRowPointers.class, () -> new HostRowPointers(launcher, graph))
                .rowPtr;
    }

    @Override
    public void close() {
        memory.close();
    }
}
