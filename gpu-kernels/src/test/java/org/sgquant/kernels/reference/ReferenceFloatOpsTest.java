package org.sgquant.kernels.reference;

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

class ReferenceFloatOpsTest {

    @Nested
    class Dense extends DenseOpsContract {
        @Override
        protected DenseOps ops() {
            return new ReferenceDenseOps();
        }
    }

    @Nested
    class Sparse extends SparseOpsContract {
        @Override
        protected SparseOps ops() {
            return new ReferenceSparseOps();
        }
    }

    @Nested
    class Elementwise extends ElementwiseOpsContract {
        @Override
        protected ElementwiseOps ops() {
            return new ReferenceElementwiseOps();
        }
    }

    @Nested
    class Training extends TrainingOpsContract {
        @Override
        protected ElementwiseOps ops() {
            return new ReferenceElementwiseOps();
        }
    }

    @Nested
    class Attention extends AttentionOpsContract {
        @Override
        protected AttentionOps ops() {
            return new ReferenceAttentionOps();
        }
    }

    @Nested
    class Norm extends NormOpsContract {
        @Override
        protected NormOps ops() {
            return new ReferenceNormOps();
        }
    }

    @Nested
    class Losses extends LossOpsContract {
        @Override
        protected LossOps ops() {
            return new ReferenceLossOps();
        }
    }

    @Nested
    class Powers extends PowerOpsContract {
        @Override
        protected PowerOps ops() {
            return new ReferencePowerOps();
        }
    }

    @Nested
    class Multibit extends MultibitOpsContract {
        @Override
        protected MultibitOps ops() {
            return new ReferenceMultibitOps();
        }
    }
}
