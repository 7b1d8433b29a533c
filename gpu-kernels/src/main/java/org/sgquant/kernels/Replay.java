package org.sgquant.kernels;

/** A fixed list of kernel calls that a backend runs again and again. */
public interface Replay extends AutoCloseable {

    /** Queues every call once, in order. */
    void run();

    @Override
    void close();
}
