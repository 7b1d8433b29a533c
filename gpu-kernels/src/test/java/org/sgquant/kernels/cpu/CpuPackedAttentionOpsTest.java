package org.sgquant.kernels.cpu;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.sgquant.kernels.PackedAttentionContract;
import org.sgquant.kernels.PackedAttentionOps;
import org.sgquant.kernels.PackedAttentionOracleContract;

class CpuPackedAttentionOpsTest {

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
    abstract static class OnThreads implements PackedAttentionContract, PackedAttentionOracleContract {

        private final Workers workers;
        private final PackedAttentionOps ops;

        OnThreads(int threads) {
            workers = new Workers(threads);
            ops = new CpuPackedAttentionOps(workers);
        }

        @Override
        public PackedAttentionOps ops() {
            return ops;
        }

        @AfterAll
        void close() {
            workers.close();
        }
    }
}
