package org.sgquant.kernels.cuda;

import org.junit.jupiter.api.Nested;
import org.sgquant.kernels.LearnedQuantContract;
import org.sgquant.kernels.LearnedQuantOps;

class CudaLearnedQuantOpsTest extends WithCudaBackend {

    @Nested
    class Learned implements LearnedQuantContract {
        @Override
        public LearnedQuantOps ops() {
            return HostOperands.learnedQuant(cuda);
        }
    }
}
