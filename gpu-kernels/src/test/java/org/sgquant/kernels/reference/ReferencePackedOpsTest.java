package org.sgquant.kernels.reference;

import org.sgquant.kernels.PackedGemmContract;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.PackedOracleContract;
import org.sgquant.kernels.PackedQuantizationContract;
import org.sgquant.kernels.PackedSumsContract;
import org.sgquant.kernels.RowCodeContract;
import org.sgquant.kernels.StochasticRoundingContract;

class ReferencePackedOpsTest
        implements PackedQuantizationContract,
                StochasticRoundingContract,
                PackedGemmContract,
                PackedSumsContract,
                PackedOracleContract,
                RowCodeContract {

    @Override
    public PackedOps ops() {
        return new ReferencePackedOps();
    }
}
