package org.sgquant.experiment;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Median time of one inference on one lane, once it no longer becomes faster: the JVM compiles while it runs, and until it
 * has, an inference takes up to fifty times as long.
 */
final class Latency {

    private static final int MOST_RUNS = 21;
    private static final int LEAST_RUNS = 3;

    /** What the timed runs of one of many may take; slow inferences are run less often. */
    private static final double BUDGET_SECONDS = 1;

    /** Runs are warming up for as long as the best of this long is beaten, and a few times more. */
    private static final double BATCH_SECONDS = 0.01;

    private static final int CALM_BATCHES = 3;
    private static final double BEATEN = 0.95;
    private static final double MOST_WARM_UP_SECONDS = 10;

    /** The first of a process warms up for longer: what trained models before it is still being compiled. */
    private static final double FIRST_WARM_UP_SECONDS = 2;

    private static final AtomicBoolean WARM = new AtomicBoolean();

    private Latency() {}

    /** Median of 21 runs, or of fewer, at least 3, where a second is too short for them. */
    static double seconds(Runnable inference) {
        return seconds(inference, BUDGET_SECONDS);
    }

    /** Median of 21 runs, however long they take. */
    static double unhurried(Runnable inference) {
        return seconds(inference, Double.POSITIVE_INFINITY);
    }

    private static double seconds(Runnable inference, double budget) {
        warmUp(inference);
        double[] times = new double[MOST_RUNS];
        int runs = 0;
        for (double timed = 0; runs < LEAST_RUNS || (runs < MOST_RUNS && timed < budget); runs++) {
            times[runs] = run(inference);
            timed += times[runs];
        }
        Arrays.sort(times, 0, runs);
        return times[runs / 2];
    }

    private static void warmUp(Runnable inference) {
        double least = WARM.get() ? 0 : FIRST_WARM_UP_SECONDS;
        double best = Double.POSITIVE_INFINITY;
        double spent = 0;
        for (int calm = 0; spent < least || (calm < CALM_BATCHES && spent < MOST_WARM_UP_SECONDS); ) {
            double batch = 0;
            double fastest = Double.POSITIVE_INFINITY;
            while (batch < BATCH_SECONDS) {
                double seconds = run(inference);
                batch += seconds;
                fastest = Math.min(fastest, seconds);
            }
            spent += batch;
            calm = fastest < BEATEN * best ? 0 : calm + 1;
            best = Math.min(best, fastest);
        }
        WARM.set(true);
    }

    private static double run(Runnable inference) {
        long start = System.nanoTime();
        inference.run();
        return (System.nanoTime() - start) / 1e9;
    }
}
