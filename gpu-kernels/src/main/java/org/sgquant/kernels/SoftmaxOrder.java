package org.sgquant.kernels;

/** Whether the softmax over the edges of a row is divided by its sum before its values become codes, or after. */
public enum SoftmaxOrder {
    /** Codes of the attention itself: {@code weight = scale * code}. A small share of a long row may become 0. */
    DIVIDE_THEN_ROUND,
    /**
     * Codes of {@code exp(s - max)}, which is 1 at the largest score of each row: {@code weight = code / (sum of the
     * row's codes)}. The weights of a row add up to 1 at any width, and no scale needs to fit rows of all degrees.
     */
    ROUND_THEN_DIVIDE
}
