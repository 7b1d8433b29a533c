package org.sgquant.kernels.cuda;

/** What to throw for something a kernel found: element = row * cols + column, kind as in {@code SgqErrorKind}. */
@FunctionalInterface
interface ErrorSite {

    /** SGQ_NAN, SGQ_POSITIVE_INFINITY, SGQ_NEGATIVE_INFINITY, SGQ_OTHER. */
    int NAN = 0;

    int POSITIVE_INFINITY = 1;
    int NEGATIVE_INFINITY = 2;
    int OTHER = 3;

    RuntimeException at(long element, int kind);

    /** The value that a kind stands for. */
    static float value(int kind) {
        return switch (kind) {
            case NAN -> Float.NaN;
            case POSITIVE_INFINITY -> Float.POSITIVE_INFINITY;
            case NEGATIVE_INFINITY -> Float.NEGATIVE_INFINITY;
            default -> throw new IllegalStateException("error kind " + kind + " is no value");
        };
    }
}
