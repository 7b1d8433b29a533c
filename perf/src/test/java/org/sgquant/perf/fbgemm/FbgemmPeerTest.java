package org.sgquant.perf.fbgemm;

import static org.assertj.core.api.Assumptions.assumeThat;

import org.sgquant.kernels.cpu.CpuKernels;
import org.sgquant.perf.peer.Peer;
import org.sgquant.perf.peer.PeerContract;

class FbgemmPeerTest extends PeerContract {

    @Override
    protected Peer peer() {
        assumeThat(CpuKernels.chosen()).isNotEqualTo(CpuKernels.JAVA);
        return new FbgemmPeer();
    }
}
