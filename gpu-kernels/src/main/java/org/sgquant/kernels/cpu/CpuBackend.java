package org.sgquant.kernels.cpu;

import jdk.incubator.vector.FloatVector;
import org.sgquant.kernels.HostBackend;

/** The default backend: Vector API kernels over off-heap memory on any number of cores. */
public final class CpuBackend extends HostBackend {

    private final Workers workers;

    public CpuBackend(int threads) {
        this(new Workers(threads));
    }

    private CpuBackend(Workers workers) {
        super(
                new CpuDenseOps(workers),
                new CpuSparseOps(workers),
                new CpuPackedOps(workers),
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
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public String description() {
        return "cpu (Vector API, " + FloatVector.SPECIES_PREFERRED.vectorBitSize() + " bits, " + workers.threads()
                + (workers.threads() == 1 ? " thread)" : " threads)");
    }

    @Override
    public void close() {
        workers.close();
    }
}
