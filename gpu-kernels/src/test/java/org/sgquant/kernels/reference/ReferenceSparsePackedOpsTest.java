package org.sgquant.kernels.reference;

import org.sgquant.kernels.SparsePackedOps;
import org.sgquant.kernels.SparsePackedOpsContract;

class ReferenceSparsePackedOpsTest implements SparsePackedOpsContract {

    @Override
    public SparsePackedOps ops() {
        return new ReferenceSparsePackedOps();
    }
}
