package org.sgquant.perf.bench;

import java.util.Collection;

/**
 * How often everything is run: warm-up, then rounds in which each thing takes its turn once, so that what else the
 * machine does hits all alike.
 *
 * @param least rounds whatever they take
 * @param most rounds
 * @param seconds no round begins after this time, but for the least
 * @param warmUpMilliseconds of each thing
 */
record Rounds(int least, int most, double seconds, double warmUpMilliseconds) {

    private static final double WARM_UP = 100;

    /** Exactly so many. */
    static Rounds exactly(int count) {
        return new Rounds(count, count, 0, WARM_UP);
    }

    /** As many as fit into {@code seconds}, from 3 to 25. */
    static Rounds within(double seconds) {
        return new Rounds(3, 25, seconds, WARM_UP);
    }

    /** One, without warm-up: enough to see whether something runs. */
    static final Rounds ONCE = new Rounds(1, 1, 0, 0);

    /** Returns how many there were. */
    int run(Collection<Timed> all) {
        if (warmUpMilliseconds > 0) {
            all.forEach(timed -> timed.warmUp(warmUpMilliseconds));
        }
        long start = System.nanoTime();
        int done = 0;
        while (done < least || (done < most && (System.nanoTime() - start) / 1e9 < seconds)) {
            all.forEach(Timed::sample);
            done++;
        }
        return done;
    }
}
