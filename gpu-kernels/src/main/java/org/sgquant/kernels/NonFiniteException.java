package org.sgquant.kernels;

/** A tensor that was to be quantized, or predicted from, holds NaN or an infinity. */
public final class NonFiniteException extends ArithmeticException {

    public NonFiniteException(String tensor, int row, int col, float value) {
        this(tensor, row, col, value, "cannot be quantized");
    }

    private NonFiniteException(String tensor, int row, int col, float value, String verdict) {
        super(tensor + ": value " + value + " at row " + row + ", column " + col + " " + verdict);
    }

    /** Class {@code col} of node {@code row} has a logit that says nothing. */
    public static NonFiniteException ofLogits(int row, int col, float value) {
        return new NonFiniteException("logits", row, col, value, "is no prediction");
    }
}
