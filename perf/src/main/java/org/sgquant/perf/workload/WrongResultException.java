package org.sgquant.perf.workload;

/** A kernel computed something else than the reference; the message has the place, what it gave and what was expected. */
public final class WrongResultException extends IllegalStateException {

    WrongResultException(float got, int row, int column, float expected) {
        super("wrong result: got " + got + " at row " + row + ", column " + column + ", expected " + expected);
    }
}
