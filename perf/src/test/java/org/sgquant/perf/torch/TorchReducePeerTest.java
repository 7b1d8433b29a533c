package org.sgquant.perf.torch;

import org.junit.jupiter.api.extension.ExtendWith;
import org.sgquant.perf.peer.Peer;
import org.sgquant.perf.peer.PeerContract;

@ExtendWith(WithTorch.class)
class TorchReducePeerTest extends PeerContract {

    @Override
    protected Peer peer() {
        return new TorchPeer.Reduce();
    }
}
