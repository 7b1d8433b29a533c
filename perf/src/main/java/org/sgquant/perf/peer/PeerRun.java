package org.sgquant.perf.peer;

/** An operation of a {@link PeerSession} over fixed operands. */
public interface PeerRun extends AutoCloseable {

    /** Computes once and returns when the result is there; this is what is timed. */
    void run();

    @Override
    void close();
}
