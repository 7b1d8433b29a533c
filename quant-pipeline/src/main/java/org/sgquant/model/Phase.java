package org.sgquant.model;

/** What a model is traced for; the same forward description serves all. */
public enum Phase {
    /** fp32 with dropout and gradients. */
    TRAIN,
    /** fp32 without dropout. */
    EVALUATE,
    /** fp32 without dropout, with gradients of all that cells quantize but the features: what curvature is measured in. */
    PROBE,
    /** Fake quantization with dropout and straight-through gradients, ranges as they are. */
    FINE_TUNE,
    /** Fake quantization without dropout, setting every range on the way. */
    CALIBRATE,
    /** Fake quantization without dropout, ranges as they are. */
    FROZEN,
    /** Packed inference: codes are stored and aggregated. */
    PACKED;

    public boolean isTraining() {
        return this == TRAIN || this == FINE_TUNE;
    }

    public boolean isFp32() {
        return this == TRAIN || this == EVALUATE || this == PROBE;
    }

    public boolean hasGradients() {
        return isTraining() || this == PROBE;
    }
}
