package org.sgquant.kernels.cpu;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.PackedOracleContract;
import org.sgquant.kernels.PackedParityContract;
import org.sgquant.kernels.PackedQuantizationContract;
import org.sgquant.kernels.PackedSumsContract;
import org.sgquant.kernels.RowCodeContract;
import org.sgquant.kernels.StochasticRoundingContract;

class CpuPackedOpsTest {

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
    abstract static class OnThreads
            implements PackedQuantizationContract,
                    StochasticRoundingContract,
                    PackedSumsContract,
                    PackedOracleContract,
                    PackedParityContract,
                    RowCodeContract {

        private final Workers workers;
        private final PackedOps ops;

        OnThreads(int threads) {
            workers = new Workers(threads);
            ops = new CpuPackedOps(workers);
        }

        @Override
        public PackedOps ops() {
            return ops;
        }

        @AfterAll
        void close() {
            workers.close();
        }
    }
}
