package org.sgquant.perf.bench;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * How often everything is run: warm-up, then rounds in which each thing takes its turn once, in an order of its own, so
 * that what else the machine does, and what ran just before, hits all alike.
 *
 * @param least rounds whatever they take
 * @param most rounds
 * @param seconds no round begins after this time, but for the least
 * @param warmUpMilliseconds of each thing
 * @param settleSeconds the most to wait until Java has compiled what runs
 * @param seed of the orders
 * @param deadline of all this: warm-up and settling take shares of it, and no round is to end after it, but for the least
 */
record Rounds(
        int least,
        int most,
        double seconds,
        double warmUpMilliseconds,
        double settleSeconds,
        long seed,
        Deadline deadline) {

    static final long SEED = 1;

    private static final double WARM_UP = 100;

    /** Seconds without compilation after which everything counts as compiled. */
    private static final double QUIET = 1;

    private static final double MOST_TO_SETTLE = 10;

    /** Milliseconds of compilation that are none to speak of. */
    private static final long COMPILING = 5;

    /** Of what is left until the deadline. */
    private static final double WARM_UP_SHARE = 0.3;

    private static final double SETTLE_SHARE = 0.4;

    /** Exactly so many. */
    static Rounds exactly(int count) {
        return new Rounds(count, count, 0, WARM_UP, MOST_TO_SETTLE, SEED, Deadline.NONE);
    }

    /** As many as fit into {@code seconds}, from {@code least} to {@code most}. */
    static Rounds within(double seconds, int least, int most) {
        return new Rounds(least, most, seconds, WARM_UP, MOST_TO_SETTLE, SEED, Deadline.NONE);
    }

    /** One, without warm-up: enough to see whether something runs. */
    static final Rounds ONCE = exactly(1).warmingUp(0);

    /** The same after another warm-up; none at all and no settling for 0. */
    Rounds warmingUp(double milliseconds) {
        return new Rounds(least, most, seconds, milliseconds, settleSeconds, seed, deadline);
    }

    /** The same without waiting for compilation. */
    Rounds settled() {
        return new Rounds(least, most, seconds, warmUpMilliseconds, 0, seed, deadline);
    }

    Rounds seeded(long other) {
        return new Rounds(least, most, seconds, warmUpMilliseconds, settleSeconds, other, deadline);
    }

    Rounds before(Deadline other) {
        return new Rounds(least, most, seconds, warmUpMilliseconds, settleSeconds, seed, other);
    }

    /** Returns how many there were. */
    int run(Collection<Timed> all) {
        if (warmUpMilliseconds > 0) {
            double each = Math.min(warmUpMilliseconds, 1e3 * WARM_UP_SHARE * deadline.left() / all.size());
            all.forEach(timed -> timed.warmUp(each));
            settle(all, Math.min(settleSeconds, SETTLE_SHARE * deadline.left()));
        }
        List<Timed> order = new ArrayList<>(all);
        Random random = new Random(seed);
        Deadline end = Deadline.in(seconds);
        int done = 0;
        double longest = 0;
        while (done < least || (done < most && end.left() > 0 && deadline.left() > longest)) {
            long start = System.nanoTime();
            Collections.shuffle(order, random);
            order.forEach(Timed::sample);
            longest = Math.max(longest, (System.nanoTime() - start) / 1e9);
            done++;
        }
        return done;
    }

    /**
     * Takes turns until Java has compiled nothing for a while: it does so beside the work, and late on a busy machine.
     * Without a compiler ({@code -Xint}) there is nothing to wait for.
     */
    private static void settle(Collection<Timed> all, double most) {
        CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
        if (compiler == null || most <= 0) {
            return;
        }
        Deadline end = Deadline.in(most);
        Deadline quiet = Deadline.in(QUIET);
        long compiled = compiler.getTotalCompilationTime();
        while (quiet.left() > 0 && end.left() > 0) {
            for (Timed timed : all) {
                if (end.left() > 0) {
                    timed.rehearse();
                }
            }
            long total = compiler.getTotalCompilationTime();
            if (total - compiled > COMPILING) {
                compiled = total;
                quiet = Deadline.in(QUIET);
            }
        }
    }
}
