package org.sgquant.perf.mkl;

import org.sgquant.perf.peer.Peer;
import org.sgquant.perf.peer.PeerSession;

/** Intel oneMKL: {@code mkl_sparse_s_mm} on the matrix as it is, and {@code cblas_sgemm}. */
public final class MklPeer implements Peer {

    @Override
    public String name() {
        return "mkl";
    }

    @Override
    public PeerSession open(int threads) {
        return new MklSession(Mkl.get(), threads, false);
    }

    /** The same sums after {@code mkl_sparse_set_mm_hint} and {@code mkl_sparse_optimize}. */
    public static final class Inspected implements Peer {

        @Override
        public String name() {
            return "mkl-inspected";
        }

        @Override
        public PeerSession open(int threads) {
            return new MklSession(Mkl.get(), threads, true);
        }
    }
}
