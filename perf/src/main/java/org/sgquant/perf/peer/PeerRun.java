package org.sgquant.perf.peer;

import java.util.OptionalDouble;

/** An operation of a {@link PeerSession} over fixed operands; a lambda where there is nothing to close. */
@FunctionalInterface
public interface PeerRun extends AutoCloseable {

    /** Computes once and returns when the result is there; this is what is timed. */
    void run();

    /** What the last run took by the clock of another process that computed it; empty where the caller's clock counts. */
    default OptionalDouble milliseconds() {
        return OptionalDouble.empty();
    }

    /** Brings the result of the last run to where it is compared, unless {@link #run} does; never timed. */
    default void fetch() {}

    @Override
    default void close() {
        // nothing to free, unless an implementation says otherwise
    }
}
