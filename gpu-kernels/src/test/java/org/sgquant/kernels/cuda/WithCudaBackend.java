package org.sgquant.kernels.cuda;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.sgquant.cuda.testing.OnDevice;

/** One CUDA backend for all tests of a class. */
@OnDevice
abstract class WithCudaBackend {

    static CudaBackend cuda;

    @BeforeAll
    static void openCuda() {
        cuda = CudaBackend.open(0);
    }

    @AfterAll
    static void closeCuda() {
        cuda.close();
    }
}
