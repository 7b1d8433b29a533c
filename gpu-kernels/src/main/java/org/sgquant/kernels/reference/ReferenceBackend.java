package org.sgquant.kernels.reference;

import java.lang.foreign.MemorySegment;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.ElementwiseOps;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.SparseOps;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;

/** The oracle: plain loops, double accumulators outside packed inference, one thread. */
public final class ReferenceBackend implements Backend {

    private final DenseOps dense = new ReferenceDenseOps();
    private final SparseOps sparse = new ReferenceSparseOps();
    private final PackedOps packed = new ReferencePackedOps();
    private final ElementwiseOps elementwise = new ReferenceElementwiseOps();

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public String description() {
        return "reference (plain Java, 1 thread)";
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
        // holds nothing
    }
}
