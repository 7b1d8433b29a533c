package org.sgquant.kernels.cpu;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.sgquant.kernels.SparsePackedOps;
import org.sgquant.kernels.SparsePackedOpsContract;

class CpuSparsePackedOpsTest {

    @Nested
    class OneThread extends OnThreads {
        OneThread() {
            super(1);
        }
    }

    @Nested
    class ThreeThreads extends OnThreads {
        ThreeThreads() {
            super(3);
        }
    }

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    abstract static class OnThreads implements SparsePackedOpsContract {

        private final Workers workers;

        OnThreads(int threads) {
            workers = new Workers(threads);
        }

        @Override
        public SparsePackedOps ops() {
            return new CpuSparsePackedOps(workers);
        }

        @AfterAll
        void close() {
            workers.close();
        }
    }
}
