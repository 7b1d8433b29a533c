package org.sgquant.perf.peer;

/** An operation of a {@link PeerSession} over fixed operands; a lambda where there is nothing to close. */
@FunctionalInterface
public interface PeerRun extends AutoCloseable {

    /** Computes once and returns when the result is there; this is what is timed. */
    void run();

    @Override
    default void close() {
        // nothing to free, unless an implementation says otherwise
    }
}
