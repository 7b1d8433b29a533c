package org.sgquant.perf.bench;

import org.sgquant.cuda.ByteCount;
import org.sgquant.doctor.Doctor;
import org.sgquant.perf.workload.GraphShape;

/** Whether a graph and its matrices fit the memory of this machine, by counting what the benchmark allocates. */
final class MachineRoom {

    /** Of the heap, per entry, while a graph is generated: edges, the buffer they are sorted in, repeats, columns. */
    private static final long HEAP_PER_ENTRY = 16;

    /** Matrices of float32 at a time: x, its copy while it is made, a result, packed codes of all widths. */
    private static final long MATRICES = 4;

    private MachineRoom() {}

    /** Why {@code shape} cannot be measured here, null where it can. */
    static String refusal(GraphShape shape, int features) {
        long heap = HEAP_PER_ENTRY * shape.entries();
        long tensors = bytes(shape.nodes(), shape.entries(), features);
        long maxHeap = Runtime.getRuntime().maxMemory();
        if (heap <= maxHeap && tensors <= free()) {
            return null;
        }
        return "shape " + shape.name() + " needs " + ByteCount.format(heap) + " of heap and "
                + ByteCount.format(tensors) + " beside it, there are " + ByteCount.format(maxHeap) + " and "
                + ByteCount.format(free()) + ": take a part of it, such as " + shape.name() + "/16";
    }

    private static long bytes(long nodes, long entries, int features) {
        // Weights of edges as floats and their copy, as codes, and the edges.
        return Ceiling.STREAMED + entries * (4 + 2 * Float.BYTES + 1) + MATRICES * nodes * features * Float.BYTES;
    }

    /** Edges of the largest graph of {@link Scaling} that fits. */
    static long mostEdges(int features) {
        double perEdge = (double) bytes(1_000_000, Scaling.MEAN_DEGREE * 1_000_000L, features)
                / (Scaling.MEAN_DEGREE * 1_000_000L);
        return (long) Math.min(Runtime.getRuntime().maxMemory() / (double) HEAP_PER_ENTRY, free() / perEdge);
    }

    private static long free() {
        return (Long) Doctor.processor().facts().get("memoryFreeBytes");
    }
}
