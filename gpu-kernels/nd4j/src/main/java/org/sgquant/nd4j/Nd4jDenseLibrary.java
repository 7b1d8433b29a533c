package org.sgquant.nd4j;

import org.sgquant.kernels.DenseLibrary;
import org.sgquant.kernels.DenseOps;

/**
 * {@code --dense nd4j}: products by the BLAS of ND4J, on the CPU where nd4j-native is on the class path, on a GPU where
 * nd4j-cuda is.
 *
 * <p>The number of threads belongs to the process, as OpenBLAS has it: the library opened last decides for all.
 */
public final class Nd4jDenseLibrary implements DenseLibrary {

    @Override
    public String name() {
        return ND4J;
    }

    @Override
    public DenseOps open(int threads) {
        return switch (Nd4jBackend.load()) {
            case NATIVE -> new Nd4jCpuDenseOps(threads);
            case CUDA -> new Nd4jCopyingDenseOps();
        };
    }
}
