package org.sgquant.tensor;

/** Two operands do not fit together; the message names the operation, the rule, what was got and what was expected. */
public final class ShapeException extends IllegalArgumentException {

    public ShapeException(String message) {
        super(message);
    }

    /** Throws unless {@code got == expected}; {@code rule} reads like {@code "spmm: x.rows must equal graph.numCols"}. */
    public static void require(long got, long expected, String rule) {
        if (got != expected) {
            throw new ShapeException(rule + ": " + got + " != " + expected);
        }
    }
}
