package org.sgquant.perf.torch;

import org.sgquant.perf.peer.Peer;

class TorchReducePeerTest extends TorchContract {

    @Override
    protected Peer peer() {
        return new TorchPeer.Reduce();
    }
}
