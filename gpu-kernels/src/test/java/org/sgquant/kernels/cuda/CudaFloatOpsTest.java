package org.sgquant.kernels.cuda;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.DenseOpsContract;
import org.sgquant.kernels.ElementwiseOps;
import org.sgquant.kernels.ElementwiseOpsContract;
import org.sgquant.kernels.SparseOps;
import org.sgquant.kernels.SparseOpsContract;
import org.sgquant.kernels.TrainingOpsContract;

/** The contracts of float operations on a CUDA device. */
@OnDevice
class CudaFloatOpsTest {

    private static CudaBackend backend;

    @BeforeAll
    static void open() {
        backend = CudaBackend.open(0);
    }

    @AfterAll
    static void close() {
        backend.close();
    }

    @Nested
    class Dense extends DenseOpsContract {
        @Override
        protected DenseOps ops() {
            return HostOperands.dense(backend);
        }
    }

    @Nested
    class Sparse extends SparseOpsContract {
        @Override
        protected SparseOps ops() {
            return HostOperands.sparse(backend);
        }
    }

    @Nested
    class Elementwise extends ElementwiseOpsContract {
        @Override
        protected ElementwiseOps ops() {
            return HostOperands.elementwise(backend);
        }
    }

    @Nested
    class Training extends TrainingOpsContract {
        @Override
        protected ElementwiseOps ops() {
            return HostOperands.elementwise(backend);
        }
    }
}
