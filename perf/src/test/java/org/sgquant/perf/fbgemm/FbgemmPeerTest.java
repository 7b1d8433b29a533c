package org.sgquant.perf.fbgemm;

import org.sgquant.perf.peer.Peer;
import org.sgquant.perf.peer.PeerContract;

class FbgemmPeerTest extends PeerContract {

    @Override
    protected Peer peer() {
        return new FbgemmPeer();
    }
}
