package org.sgquant.perf.mkl;

import org.sgquant.perf.peer.Peer;
import org.sgquant.perf.peer.PeerContract;

class InspectedMklPeerTest extends PeerContract {

    @Override
    protected Peer peer() {
        return new MklPeer.Inspected();
    }
}
