package org.sgquant.kernels.cuda;

import org.junit.jupiter.api.Nested;
import org.sgquant.kernels.PackedGemmContract;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.PackedOracleContract;
import org.sgquant.kernels.PackedParityContract;
import org.sgquant.kernels.PackedQuantizationContract;
import org.sgquant.kernels.PackedSumsContract;
import org.sgquant.kernels.RowCodeContract;
import org.sgquant.kernels.StochasticRoundingContract;

/** The contracts of packed operations on a CUDA device: integer results have the bits of the reference. */
class CudaPackedOpsTest extends WithCudaBackend {

    @Nested
    class Quantization implements PackedQuantizationContract {
        @Override
        public PackedOps ops() {
            return HostOperands.packed(cuda);
        }
    }

    @Nested
    class Stochastic implements StochasticRoundingContract {
        @Override
        public PackedOps ops() {
            return HostOperands.packed(cuda);
        }
    }

    @Nested
    class Sums implements PackedSumsContract {
        @Override
        public PackedOps ops() {
            return HostOperands.packed(cuda);
        }
    }

    @Nested
    class Parity implements PackedParityContract {
        @Override
        public PackedOps ops() {
            return HostOperands.packed(cuda);
        }
    }

    @Nested
    class Gemm implements PackedGemmContract {
        @Override
        public PackedOps ops() {
            return HostOperands.packed(cuda);
        }
    }

    @Nested
    class RowCodes implements RowCodeContract {
        @Override
        public PackedOps ops() {
            return HostOperands.packed(cuda);
        }
    }

    @Nested
    class Oracle implements PackedOracleContract {
        @Override
        public PackedOps ops() {
            return HostOperands.packed(cuda);
        }
    }
}
