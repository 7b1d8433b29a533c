package org.sgquant.perf.torch;

import org.sgquant.perf.peer.Peer;

class TorchPeerTest extends TorchContract {

    @Override
    protected Peer peer() {
        return new TorchPeer();
    }
}
