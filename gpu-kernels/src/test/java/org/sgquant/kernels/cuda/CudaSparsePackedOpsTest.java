package org.sgquant.kernels.cuda;

import org.sgquant.kernels.SparsePackedOps;
import org.sgquant.kernels.SparsePackedOpsContract;

class CudaSparsePackedOpsTest extends WithCudaBackend implements SparsePackedOpsContract {

    @Override
    public SparsePackedOps ops() {
        return HostOperands.sparsePacked(cuda);
    }
}
