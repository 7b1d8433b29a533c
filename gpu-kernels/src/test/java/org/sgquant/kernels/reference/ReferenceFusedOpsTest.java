package org.sgquant.kernels.reference;

import org.sgquant.kernels.Backend;
import org.sgquant.kernels.FusedOpsContract;

class ReferenceFusedOpsTest implements FusedOpsContract {

    @Override
    public Backend backend() {
        return new ReferenceBackend();
    }
}
