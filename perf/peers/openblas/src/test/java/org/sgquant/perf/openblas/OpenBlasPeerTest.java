package org.sgquant.perf.openblas;

import org.sgquant.perf.peer.Peer;
import org.sgquant.perf.peer.PeerContract;

class OpenBlasPeerTest extends PeerContract {

    @Override
    protected Peer peer() {
        return new OpenBlasPeer();
    }
}
