package org.sgquant.kernels.cpu;

import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import org.sgquant.kernels.DenseLibrary;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.FusedOps;
import org.sgquant.kernels.HostBackend;

/** The default backend: Vector API and C++ kernels over off-heap memory on any number of cores. */
public final class CpuBackend extends HostBackend {

    private final Workers workers;
    private final CpuKernels kernels;
    private final CpuProducts products;
    private final String dense;

    /** A backend whose packed sums and products are those that {@link CpuKernels#VARIABLE} asks for. */
    public CpuBackend(int threads) {
        this(threads, CpuKernels.chosen());
    }

    public CpuBackend(int threads, CpuKernels kernels) {
        this(new Workers(threads), kernels, DenseLibrary.OWN, null);
    }

    /** A backend that takes {@link #dense} from {@code library}. */
    public CpuBackend(int threads, DenseLibrary library) {
        this(new Workers(threads), CpuKernels.chosen(), library.name(), library.open(threads));
    }

    private CpuBackend(Workers workers, CpuKernels kernels, String dense, DenseOps denseOps) {
        super(
                denseOps == null ? new CpuDenseOps(workers) : denseOps,
                new CpuSparseOps(workers),
                new CpuPackedOps(workers, kernels),
                new CpuSparsePackedOps(workers),
                new CpuPackedAttentionOps(workers),
                new CpuElementwiseOps(workers),
                new CpuAttentionOps(workers),
                new CpuNormOps(workers),
                new CpuLearnedQuantOps(workers),
                new CpuLossOps(workers),
                new CpuPowerOps(workers),
                new CpuMultibitOps(workers));
        this.workers = workers;
        this.kernels = kernels;
        this.products = new CpuProducts(workers, kernels);
        this.dense = dense;
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public String description() {
        return "cpu (Vector API, " + FloatVector.SPECIES_PREFERRED.vectorBitSize() + " bits, " + workers.threads()
                + (workers.threads() == 1 ? " thread" : " threads")
                + ", " + kernels.account()
                + (dense.equals(DenseLibrary.OWN) ? ")" : ", dense products by " + dense + ")");
    }

    @Override
    public Optional<FusedOps> fused() {
        return Optional.of(products);
    }

    @Override
    public void close() {
        workers.close();
    }
}
