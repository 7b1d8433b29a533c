package org.sgquant.perf.torch;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.perf.peer.PeerSession;

/** Keeps one process of PyTorch for all tests of a class, and skips them where there is no PyTorch. */
final class WithTorch implements BeforeAllCallback, AfterAllCallback {

    private PeerSession process;

    @Override
    public void beforeAll(ExtensionContext context) {
        try {
            process = new TorchPeer().open(1);
        } catch (DeviceUnavailableException e) {
            assumeTrue(false, e.getMessage());
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (process != null) {
            process.close();
        }
    }
}
