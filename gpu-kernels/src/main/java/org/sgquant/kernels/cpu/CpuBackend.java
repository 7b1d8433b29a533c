package org.sgquant.kernels.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.ElementwiseOps;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.SparseOps;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;

/** The default backend: Vector API kernels over off-heap memory on any number of cores. */
public final class CpuBackend implements Backend {

    private final Workers workers;
    private final DenseOps dense;
    private final SparseOps sparse;
    private final PackedOps packed;
    private final ElementwiseOps elementwise;

    public CpuBackend(int threads) {
        this.workers = new Workers(threads);
        this.dense = new CpuDenseOps(workers);
        this.sparse = new CpuSparseOps(workers);
        this.packed = new CpuPackedOps(workers);
        this.elementwise = new CpuElementwiseOps(workers);
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
    public Memory newMemory() {
        return new HostMemory();
    }

    @Override
    public void upload(MemorySegment host, MemorySegment device, long bytes) {
        MemorySegment.copy(host, 0, device, 0, bytes);
    }

    @Override
    public void download(MemorySegment device, MemorySegment host, long bytes) {
        MemorySegment.copy(device, 0, host, 0, bytes);
    }

    @Override
    public DenseOps dense() {
        return dense;
    }

    @Override
    public SparseOps sparse() {
        return sparse;
    }

    @Override
    public PackedOps packed() {
        return packed;
    }

    @Override
    public ElementwiseOps elementwise() {
        return elementwise;
    }

    @Override
    public void close() {
        workers.close();
    }
}
