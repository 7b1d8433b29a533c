package org.sgquant.kernels.cuda;

import org.junit.jupiter.api.Nested;
import org.sgquant.kernels.AttentionOps;
import org.sgquant.kernels.AttentionOpsContract;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.DenseOpsContract;
import org.sgquant.kernels.ElementwiseOps;
import org.sgquant.kernels.ElementwiseOpsContract;
import org.sgquant.kernels.LossOps;
import org.sgquant.kernels.LossOpsContract;
import org.sgquant.kernels.MultibitOps;
import org.sgquant.kernels.MultibitOpsContract;
import org.sgquant.kernels.NormOps;
import org.sgquant.kernels.NormOpsContract;
import org.sgquant.kernels.PowerOps;
import org.sgquant.kernels.PowerOpsContract;
import org.sgquant.kernels.SparseOps;
import org.sgquant.kernels.SparseOpsContract;
import org.sgquant.kernels.TrainingOpsContract;

/** The contracts of float operations on a CUDA device. */
class CudaFloatOpsTest extends WithCudaBackend {

    @Nested
    class Dense extends DenseOpsContract {
        @Override
        protected DenseOps ops() {
            return HostOperands.dense(cuda);
        }
    }

    @Nested
    class Sparse extends SparseOpsContract {
        @Override
        protected SparseOps ops() {
            return HostOperands.sparse(cuda);
        }
    }

    @Nested
    class Elementwise extends ElementwiseOpsContract {
        @Override
        protected ElementwiseOps ops() {
            return HostOperands.elementwise(cuda);
        }
    }

    @Nested
    class Training extends TrainingOpsContract {
        @Override
        protected ElementwiseOps ops() {
            return HostOperands.elementwise(cuda);
        }
    }

    @Nested
    class Attention extends AttentionOpsContract {
        @Override
        protected AttentionOps ops() {
            return HostOperands.attention(cuda);
        }
    }

    @Nested
    class Norm extends NormOpsContract {
        @Override
        protected NormOps ops() {
            return HostOperands.norm(cuda);
        }
    }

    @Nested
    class Losses extends LossOpsContract {
        @Override
        protected LossOps ops() {
            return new HostLosses(cuda);
        }
    }

    @Nested
    class Powers extends PowerOpsContract {
        @Override
        protected PowerOps ops() {
            return new HostPowers(cuda);
        }
    }

    @Nested
    class Multibit extends MultibitOpsContract {
        @Override
        protected MultibitOps ops() {
            return new HostMultibit(cuda);
        }
    }
}
