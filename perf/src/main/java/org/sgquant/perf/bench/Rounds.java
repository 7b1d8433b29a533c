package org.sgquant.perf.bench;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
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

    /** Seconds without compilation after which everything counts as compiled. */
    private static final double QUIET = 1;

    private static final double MOST_TO_SETTLE = 10;

    /** Milliseconds of compilation that are none to speak of. */
    private static final long COMPILING = 5;

    /** Exactly so many. */
    static Rounds exactly(int count) {
        return new Rounds(count, count, 0, WARM_UP);
    }

    /** As many as fit into {@code seconds}, from 3 to 25. */
    static Rounds within(double seconds) {
        return new Rounds(3, 25, seconds, WARM_UP);
    }

    /** The same after another warm-up. */
    Rounds warmingUp(double milliseconds) {
        return new Rounds(least, most, seconds, milliseconds);
    }

    /** One, without warm-up: enough to see whether something runs. */
    static final Rounds ONCE = new Rounds(1, 1, 0, 0);

    /** Returns how many there were. */
    int run(Collection<Timed> all) {
        if (warmUpMilliseconds > 0) {
            all.forEach(timed -> timed.warmUp(warmUpMilliseconds));
            settle(all);
        }
        long start = System.nanoTime();
        int done = 0;
        while (done < least || (done < most && (System.nanoTime() - start) / 1e9 < seconds)) {
            all.forEach(Timed::sample);
            done++;
        }
        return done;
    }

    /** Takes turns until Java has compiled nothing for a while: it does so beside the work, and late on a busy machine. */
    private static void settle(Collection<Timed> all) {
        CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
        long start = System.nanoTime();
        long quietSince = start;
        long compiled = compiler.getTotalCompilationTime();
        for (long now = start; (now - quietSince) / 1e9 < QUIET && (now - start) / 1e9 < MOST_TO_SETTLE; ) {
            all.forEach(Timed::rehearse);
            now = System.nanoTime();
            long total = compiler.getTotalCompilationTime();
            if (total - compiled > COMPILING) {
                compiled = total;
                quietSince = now;
            }
        }
    }
}
