package org.sgquant.kernels.cuda;

import org.junit.jupiter.api.Nested;
import org.sgquant.kernels.PackedAttentionContract;
import org.sgquant.kernels.PackedAttentionOps;
import org.sgquant.kernels.PackedAttentionOracleContract;

/** The contracts of packed attention on a CUDA device. */
class CudaPackedAttentionOpsTest extends WithCudaBackend {

    @Nested
    class Parity implements PackedAttentionContract {
        @Override
        public PackedAttentionOps ops() {
            return HostOperands.packedAttention(cuda);
        }
    }

    @Nested
    class Oracle implements PackedAttentionOracleContract {
        @Override
        public PackedAttentionOps ops() {
            return HostOperands.packedAttention(cuda);
        }
    }
}
