package org.sgquant.kernels.reference;

import org.sgquant.kernels.PackedAttentionContract;
import org.sgquant.kernels.PackedAttentionOps;
import org.sgquant.kernels.PackedAttentionOracleContract;

class ReferencePackedAttentionOpsTest implements PackedAttentionContract, PackedAttentionOracleContract {

    @Override
    public PackedAttentionOps ops() {
        return new ReferencePackedAttentionOps();
    }
}
