package org.sgquant.kernels.cpu;

import static org.assertj.core.api.Assumptions.assumeThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.FusedOpsContract;
import org.sgquant.kernels.reference.ReferenceBackend;
import org.sgquant.tensor.Granularity;

class CpuFusedOpsTest {

    @Nested
    class OneThread extends OnThreads {
        OneThread() {
            super(1, CpuKernels.JAVA);
        }

        @Override
        public Backend oracle() {
            return new ReferenceBackend();
        }

        @Override
        public int hub() {
            return 500;
        }
    }

    @Nested
    class TwoThreads extends OnThreads {
        TwoThreads() {
            super(2, CpuKernels.JAVA);
        }
    }

    @Nested
    class Avx2OnOneThread extends OnThreads {
        Avx2OnOneThread() {
            super(1, CpuKernels.AVX2);
        }
    }

    @Nested
    class VnniOnTwoThreads extends OnThreads {
        VnniOnTwoThreads() {
            super(2, CpuKernels.VNNI);
        }
    }

    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    abstract static class OnThreads implements FusedOpsContract {

        private final Backend backend;

        OnThreads(int threads, CpuKernels kernels) {
            assumeThat(kernels.refusal()).isEmpty();
            backend = new CpuBackend(threads, kernels);
        }

        @Override
        public Backend backend() {
            return backend;
        }

        /** Whose operations have the bits of the reference, as other contracts say, and take less time. */
        @Override
        public Backend oracle() {
            return new CpuBackend(1, CpuKernels.JAVA);
        }

        /** Of a row that threads share. */
        @Override
        public int hub() {
            return HubRows.LEAST_EDGES + 4465;
        }

        /** Among them more columns than C++ sums at once. */
        @ParameterizedTest
        @CsvSource({"3, BUCKET", "67, ROW_CODE", "530, COLUMN"})
        void large_products_shared_out_over_threads_have_the_same_bits(int cols, Granularity granularity) {
            // The reference takes too long on more.
            try (Backend oracle = cols < 10 ? new ReferenceBackend() : new CpuBackend(1, CpuKernels.JAVA)) {
                assertLargeProducts(oracle, cols, granularity);
            }
        }

        @AfterAll
        void close() {
            backend.close();
        }
    }
}
