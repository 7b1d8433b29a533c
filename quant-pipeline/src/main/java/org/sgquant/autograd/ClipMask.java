package org.sgquant.autograd;

/** Where the straight-through gradient of a fake quantization is zero; values at 32 bits always keep theirs. */
public enum ClipMask {
    /** Nowhere. */
    NONE,
    /** Outside the range of the codes. */
    RANGE,
    /** Outside [-1, 1], for signs, whose range ends at a mean magnitude. Source: Wang et al., Bi-GCN, CVPR 2021. */
    SIGN
}
