package org.sgquant.kernels;

import java.lang.foreign.MemorySegment;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;

/** A backend whose device memory is the memory of this process. */
public abstract class HostBackend implements Backend {

    private final DenseOps dense;
    private final SparseOps sparse;
    private final PackedOps packed;
    private final SparsePackedOps sparsePacked;
    private final ElementwiseOps elementwise;

    protected HostBackend(
            DenseOps dense,
            SparseOps sparse,
            PackedOps packed,
            SparsePackedOps sparsePacked,
            ElementwiseOps elementwise) {
        this.dense = dense;
        this.sparse = sparse;
        this.packed = packed;
        this.sparsePacked = sparsePacked;
        this.elementwise = elementwise;
    }

    @Override
    public final Memory newMemory(String purpose) {
        return new HostMemory();
    }

    @Override
    public final void upload(MemorySegment host, MemorySegment device, long bytes) {
        MemorySegment.copy(host, 0, device, 0, bytes);
    }

    @Override
    public final void download(MemorySegment device, MemorySegment host, long bytes) {
        MemorySegment.copy(device, 0, host, 0, bytes);
    }

    @Override
    public final void finish() {
        // every call has finished when it returns
    }

    @Override
    public final Replay replayable(Runnable calls) {
        return new Replay() {
            @Override
            public void run() {
                calls.run();
            }

            @Override
            public void close() {
                // holds nothing
            }
        };
    }

    @Override
    public final DenseOps dense() {
        return dense;
    }

    @Override
    public final SparseOps sparse() {
        return sparse;
    }

    @Override
    public final PackedOps packed() {
        return packed;
    }

    @Override
    public final SparsePackedOps sparsePacked() {
        return sparsePacked;
    }

    @Override
    public final ElementwiseOps elementwise() {
        return elementwise;
    }
}
