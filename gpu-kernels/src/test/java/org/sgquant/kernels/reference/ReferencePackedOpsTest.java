package org.sgquant.kernels.reference;

import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.PackedProductContract;
import org.sgquant.kernels.PackedQuantizationContract;

class ReferencePackedOpsTest implements PackedQuantizationContract, PackedProductContract {

    @Override
    public PackedOps ops() {
        return new ReferencePackedOps();
    }
}
