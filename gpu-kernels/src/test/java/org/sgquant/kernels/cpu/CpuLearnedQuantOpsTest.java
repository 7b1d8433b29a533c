package org.sgquant.kernels.cpu;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.sgquant.kernels.LearnedQuantContract;
import org.sgquant.kernels.LearnedQuantOps;

class CpuLearnedQuantOpsTest {

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
    abstract static class OnThreads implements LearnedQuantContract {

        private final Workers workers;

        OnThreads(int threads) {
            workers = new Workers(threads);
        }

        @Override
        public LearnedQuantOps ops() {
            return new CpuLearnedQuantOps(workers);
        }

        @AfterAll
        void close() {
            workers.close();
        }
    }
}
