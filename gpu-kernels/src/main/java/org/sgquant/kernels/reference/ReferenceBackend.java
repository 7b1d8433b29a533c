package org.sgquant.kernels.reference;

import org.sgquant.kernels.HostBackend;

/** The oracle: plain loops, double accumulators outside packed inference, one thread. */
public final class ReferenceBackend extends HostBackend {

    public ReferenceBackend() {
        super(
                new ReferenceDenseOps(),
                new ReferenceSparseOps(),
                new ReferencePackedOps(),
                new ReferenceSparsePackedOps(),
                new ReferencePackedAttentionOps(),
                new ReferenceElementwiseOps(),
                new ReferenceAttentionOps(),
                new ReferenceNormOps(),
                new ReferenceLearnedQuantOps(),
                new ReferenceLossOps(),
                new ReferencePowerOps(),
                new ReferenceMultibitOps());
    }

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public String description() {
        return "reference (plain Java, 1 thread)";
    }

    @Override
    public void close() {
        // holds nothing
    }
}
