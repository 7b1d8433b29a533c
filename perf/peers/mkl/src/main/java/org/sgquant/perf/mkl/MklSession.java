package org.sgquant.perf.mkl;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.sgquant.perf.peer.PeerRun;
import org.sgquant.perf.peer.PeerSession;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;

/** Sums and products of {@link Mkl}; the number of threads belongs to the process, so every run sets it. */
final class MklSession implements PeerSession {

    private final Mkl mkl;
    private final int threads;
    private final boolean inspected;

    MklSession(Mkl mkl, int threads, boolean inspected) {
        this.mkl = mkl;
        this.threads = threads;
        this.inspected = inspected;
    }

    @Override
    public String version() {
        return mkl.version() + (inspected ? ", mkl_sparse_s_mm with inspector hints" : ", mkl_sparse_s_mm");
    }

    @Override
    public Optional<PeerRun> spmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
        return Optional.of(new Sum(graph, values, x, out));
    }

    /** Hints are about sparse matrices: one peer is enough for dense ones. */
    @Override
    public Optional<PeerRun> gemm(FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        return inspected ? Optional.empty() : Optional.of(new Product(a, b, out));
    }

    @Override
    public void close() {}

    /** {@code out = A x}; holds A's handle, and ones where A has no values. */
    private final class Sum implements PeerRun {

        private final HostMemory memory = new HostMemory();
        private final MemorySegment matrix;
        private final FloatMatrix x;
        private final FloatMatrix out;

        Sum(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
            this.x = x;
            this.out = out;
            mkl.setThreads(threads);
            matrix = mkl.create(graph, values == null ? ones(graph.numEdges()) : values.data());
            if (inspected) {
                mkl.hint(matrix, x.cols());
            }
        }

        private MemorySegment ones(int n) {
            MemorySegment values = memory.allocate((long) n * Float.BYTES);
            for (long e = 0; e < n; e++) {
                values.setAtIndex(JAVA_FLOAT, e, 1);
            }
            return values;
        }

        @Override
        public void run() {
            mkl.setThreads(threads);
            mkl.multiply(matrix, x, out);
        }

        @Override
        public void close() {
            mkl.destroy(matrix);
            memory.close();
        }
    }

    /** {@code out = a b}. */
    private final class Product implements PeerRun {

        private final FloatMatrix a;
        private final FloatMatrix b;
        private final FloatMatrix out;

        Product(FloatMatrix a, FloatMatrix b, FloatMatrix out) {
            this.a = a;
            this.b = b;
            this.out = out;
        }

        @Override
        public void run() {
            mkl.setThreads(threads);
            mkl.gemm(a, b, out);
        }

        @Override
        public void close() {}
    }
}
