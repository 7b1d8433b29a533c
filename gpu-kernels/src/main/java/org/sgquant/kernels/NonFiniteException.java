package org.sgquant.kernels;

/** A tensor that was to be quantized holds NaN or an infinity. */
public final class NonFiniteException extends ArithmeticException {

    public NonFiniteException(String tensor, int row, int col, float value) {
        super(tensor + ": value " + value + " at row " + row + ", column " + col + " cannot be quantized");
    }
}
