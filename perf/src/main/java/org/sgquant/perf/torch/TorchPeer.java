package org.sgquant.perf.torch;

import org.sgquant.perf.peer.Peer;
import org.sgquant.perf.peer.PeerSession;

/**
 * PyTorch of the system's Python on the CPU: {@code A @ x} with A in CSR, {@code a @ b}, and a GCN of two layers on dense
 * features.
 */
public final class TorchPeer implements Peer {

    @Override
    public String name() {
        return "torch";
    }

    @Override
    public PeerSession open(int threads) {
        return new TorchSession(TorchProcess.acquire(), threads, false, false);
    }

    /** With {@code torch.sparse.mm(A, x, "sum")} as the product of A, PyTorch's own kernel instead of MKL's. */
    public static final class Reduce implements Peer {

        @Override
        public String name() {
            return "torch-reduce";
        }

        @Override
        public PeerSession open(int threads) {
            return new TorchSession(TorchProcess.acquire(), threads, true, false);
        }
    }

    /** The GCN alone, with features in CSR. */
    public static final class SparseFeatures implements Peer {

        @Override
        public String name() {
            return "torch-sparse-features";
        }

        @Override
        public PeerSession open(int threads) {
            return new TorchSession(TorchProcess.acquire(), threads, false, true);
        }
    }
}
