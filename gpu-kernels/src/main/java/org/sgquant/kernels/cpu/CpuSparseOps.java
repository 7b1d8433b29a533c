package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.kernels.SparseOps;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** {@link SparseOps} with vectors across columns, rows shared out by edges. */
public final class CpuSparseOps implements SparseOps {

    private final Workers workers;

    public CpuSparseOps(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void spmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSpmm(graph, values, x, out);
        int vectors = Vectors.count(x.cols());
        workers.runRows(graph, x.stride(), (from, to) -> {
            for (int v = 0; v < vectors; ) {
                int width = SpmmKernel.width(vectors - v);
                new SpmmKernel(graph, values, x, out, v * Vectors.BYTES).rows(width, from, to);
                v += width;
            }
        });
    }

    @Override
    public void gather(FloatMatrix values, IntArray index, FloatMatrix out) {
        FloatShapes.requireGather(values, index, out);
        MemorySegment source = values.data();
        MemorySegment at = index.data();
        MemorySegment target = out.data();
        workers.run(index.size(), index.size(), (from, to) -> gather(source, at, target, from, to));
    }

    private static void gather(MemorySegment source, MemorySegment at, MemorySegment target, int from, int to) {
        for (int i = from; i < to; i++) {
            target.set(JAVA_FLOAT, 4L * i, source.get(JAVA_FLOAT, 4L * at.get(JAVA_INT, 4L * i)));
        }
    }
}
