package org.sgquant.kernels.cpu;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
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

/** Every contract on the CPU; a subclass per number of threads. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class CpuFloatOpsTestBase {

    private final Workers workers;

    CpuFloatOpsTestBase(int threads) {
        workers = new Workers(threads);
    }

    @AfterAll
    void closeWorkers() {
        workers.close();
    }

    @Nested
    class Dense extends DenseOpsContract {
        @Override
        protected DenseOps ops() {
            return new CpuDenseOps(workers);
        }
    }

    @Nested
    class Sparse extends SparseOpsContract {
        @Override
        protected SparseOps ops() {
            return new CpuSparseOps(workers);
        }
    }

    @Nested
    class Elementwise extends ElementwiseOpsContract {
        @Override
        protected ElementwiseOps ops() {
            return new CpuElementwiseOps(workers);
        }
    }

    @Nested
    class Training extends TrainingOpsContract {
        @Override
        protected ElementwiseOps ops() {
            return new CpuElementwiseOps(workers);
        }
    }

    @Nested
    class Attention extends AttentionOpsContract {
        @Override
        protected AttentionOps ops() {
            return new CpuAttentionOps(workers);
        }
    }

    @Nested
    class Norm extends NormOpsContract {
        @Override
        protected NormOps ops() {
            return new CpuNormOps(workers);
        }
    }

    @Nested
    class Losses extends LossOpsContract {
        @Override
        protected LossOps ops() {
            return new CpuLossOps(workers);
        }
    }

    @Nested
    class Powers extends PowerOpsContract {
        @Override
        protected PowerOps ops() {
            return new CpuPowerOps(workers);
        }
    }

    @Nested
    class Multibit extends MultibitOpsContract {
        @Override
        protected MultibitOps ops() {
            return new CpuMultibitOps(workers);
        }
    }
}
