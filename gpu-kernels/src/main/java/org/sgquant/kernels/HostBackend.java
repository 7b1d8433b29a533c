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
    private final PackedAttentionOps packedAttention;
    private final ElementwiseOps elementwise;
    private final AttentionOps attention;
    private final NormOps norm;
    private final LearnedQuantOps learnedQuant;
    private final LossOps losses;
    private final PowerOps powers;
    private final MultibitOps multibit;

    protected HostBackend(
            DenseOps dense,
            SparseOps sparse,
            PackedOps packed,
            SparsePackedOps sparsePacked,
            PackedAttentionOps packedAttention,
            ElementwiseOps elementwise,
            AttentionOps attention,
            NormOps norm,
            LearnedQuantOps learnedQuant,
            LossOps losses,
            PowerOps powers,
            MultibitOps multibit) {
        this.dense = dense;
        this.sparse = sparse;
        this.packed = packed;
        this.sparsePacked = sparsePacked;
        this.packedAttention = packedAttention;
        this.elementwise = elementwise;
        this.attention = attention;
        this.norm = norm;
        this.learnedQuant = learnedQuant;
        this.losses = losses;
        this.powers = powers;
        this.multibit = multibit;
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
    public final PackedAttentionOps packedAttention() {
        return packedAttention;
    }

    @Override
    public final ElementwiseOps elementwise() {
        return elementwise;
    }

    @Override
    public final AttentionOps attention() {
        return attention;
    }

    @Override
    public final NormOps norm() {
        return norm;
    }

    @Override
    public final LearnedQuantOps learnedQuant() {
        return learnedQuant;
    }

    @Override
    public final LossOps losses() {
        return losses;
    }

    @Override
    public final PowerOps powers() {
        return powers;
    }

    @Override
    public final MultibitOps multibit() {
        return multibit;
    }
}
