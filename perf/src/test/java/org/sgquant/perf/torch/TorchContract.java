package org.sgquant.perf.torch;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.perf.peer.PeerContract;
import org.sgquant.perf.peer.PeerSession;

/** {@link PeerContract} where there is PyTorch; one process for all its tests. */
abstract class TorchContract extends PeerContract {

    private static PeerSession process;

    @BeforeAll
    static void start() {
        try {
            process = new TorchPeer().open(1);
        } catch (DeviceUnavailableException e) {
            assumeTrue(false, e.getMessage());
        }
    }

    @AfterAll
    static void stop() {
        if (process != null) {
            process.close();
            process = null;
        }
    }
}
