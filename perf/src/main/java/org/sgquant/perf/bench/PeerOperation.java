package org.sgquant.perf.bench;

import java.util.Optional;
import org.sgquant.perf.peer.PeerRun;
import org.sgquant.perf.peer.PeerSession;
import org.sgquant.perf.workload.GraphOperands;
import org.sgquant.perf.workload.Kernel;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;

/** What of a library does the work of a kernel. */
final class PeerOperation {

    private PeerOperation() {}

    /** Empty where the library has nothing for it. */
    static Optional<PeerRun> of(PeerSession session, Kernel kernel, int bits, GraphOperands o, FloatMatrix out) {
        return switch (kernel) {
            case SPMM ->
                bits == 32
                        ? session.spmm(o.graph(), null, o.x(), out)
                        : session.spmm(o.graph(), o.codes(Granularity.TENSOR, bits), out);
            case SPMM_WEIGHTED -> bits == 32 ? session.spmm(o.graph(), o.edgeValues(), o.x(), out) : Optional.empty();
            case GEMM, GEMM_CODES ->
                bits == 32 ? session.gemm(o.x(), o.weights(o.x().cols(), out.cols()), out) : Optional.empty();
            case SPMM_GEMM, PACK, UNPACK -> Optional.empty();
        };
    }
}
