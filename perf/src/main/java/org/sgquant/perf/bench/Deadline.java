package org.sgquant.perf.bench;

/**
 * When a run should have ended: parts of it take shares of what is left.
 *
 * @param start by {@link System#nanoTime}
 * @param seconds from there, infinite for none
 */
record Deadline(long start, double seconds) {

    static final Deadline NONE = new Deadline(0, Double.POSITIVE_INFINITY);

    static Deadline in(double seconds) {
        return new Deadline(System.nanoTime(), seconds);
    }

    /** Seconds left, none once it is over. */
    double left() {
        return Math.max(0, seconds - (System.nanoTime() - start) / 1e9);
    }

    /** One after a {@code share} of what is left. */
    Deadline part(double share) {
        return in(share * left());
    }
}
