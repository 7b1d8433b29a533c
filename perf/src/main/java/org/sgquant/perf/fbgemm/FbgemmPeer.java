package org.sgquant.perf.fbgemm;

import java.util.Optional;
import org.sgquant.kernels.cpu.CpuKernels;
import org.sgquant.kernels.cpu.Workers;
import org.sgquant.kernels.cpu.Yardsticks;
import org.sgquant.perf.peer.Peer;
import org.sgquant.perf.peer.PeerRun;
import org.sgquant.perf.peer.PeerSession;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.PackedMatrix;

/**
 * The sums of quantized rows as they are known best, written by us: every row has a scale and an offset of its own, every
 * edge converts codes to floats and adds {@code scale * code} to sums that stay in registers, in C++, as many columns as
 * there are, with the rows of later edges fetched ahead.
 *
 * <p>The form of the embedding lookups of FBGEMM (Khudia et al. 2021, arXiv:2101.05615) for 8, 4 and 2 bits; 1 bit is
 * ours.
 */
public final class FbgemmPeer implements Peer {

    @Override
    public String name() {
        return "fbgemm-style";
    }

    @Override
    public PeerSession open(int threads) {
        CpuKernels kernels = CpuKernels.chosen();
        return new Session(kernels, new Yardsticks(kernels), new Workers(threads));
    }

    private record Session(CpuKernels kernels, Yardsticks yardsticks, Workers workers) implements PeerSession {

        @Override
        public String version() {
            return "dequantize and add, fused rows, " + kernels.description();
        }

        @Override
        public Optional<PeerRun> spmm(CsrGraph graph, PackedMatrix x, FloatMatrix out) {
            boolean oneBlock = x.scheme().blocks().size() == 1 && x.scheme().granularity() == Granularity.TENSOR;
            int bits = x.scheme().blocks().getFirst().bits().bits();
            return oneBlock && (bits == 8 || bits == 4 || bits == 2 || bits == 1)
                    ? Optional.of(new Sum(yardsticks, workers, graph, x, out))
                    : Optional.empty();
        }

        @Override
        public void close() {
            workers.close();
        }
    }

    /** {@code out_i = sum over edges of fma(scale, code, offset)}; holds the rows in their layout. */
    private static final class Sum implements PeerRun {

        private final HostMemory memory = new HostMemory();
        private final Yardsticks yardsticks;
        private final Workers workers;
        private final CsrGraph graph;
        private final FloatMatrix out;
        private final FusedRows rows;

        Sum(Yardsticks yardsticks, Workers workers, CsrGraph graph, PackedMatrix x, FloatMatrix out) {
            this.yardsticks = yardsticks;
            this.workers = workers;
            this.graph = graph;
            this.out = out;
            this.rows = new FusedRows(memory, x, yardsticks.lanes());
        }

        @Override
        public void run() {
            workers.runRows(
                    graph,
                    out.stride(),
                    (from, to) -> yardsticks.dequantize(
                            graph, rows.data(), rows.bits(), rows.stride(), rows.codeBytes(), out, from, to));
        }

        @Override
        public void close() {
            memory.close();
        }
    }
}
