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

    /** An inference is warm once none was faster for so long by more than noise is: compiling what is new takes that long. */
    private static final double CALM_SECONDS = 0.3;

    private static final double FASTER = 0.95;
    private static final double MOST_WARM_UP_SECONDS = 20;

    /** The same for the first of a process, which finds what trained models before it still being compiled. */
    private static final double FIRST_CALM_SECONDS = 2;

    /** The same for one of many that are timed again and again. */
    private static final double AGAIN_CALM_SECONDS = 0.02;

    private static final AtomicBoolean WARM = new AtomicBoolean();

    private Latency() {}

    /** Median of 21 runs, or of fewer, at least 3, where a second is too short for them. */
    static double seconds(Runnable inference) {
        return seconds(inference, CALM_SECONDS, BUDGET_SECONDS);
    }

    /** The same of an inference that is timed in rounds with others, of which the least counts. */
    static double again(Runnable inference) {
        return seconds(inference, AGAIN_CALM_SECONDS, BUDGET_SECONDS);
    }

    /** Median of 21 runs, however long they take. */
    static double unhurried(Runnable inference) {
        return seconds(inference, CALM_SECONDS, Double.POSITIVE_INFINITY);
    }

    private static double seconds(Runnable inference, double calm, double budget) {
        warmUp(inference, WARM.get() ? calm : FIRST_CALM_SECONDS);
        WARM.set(true);
        double[] times = new double[MOST_RUNS];
        int runs = 0;
        for (double timed = 0; runs < LEAST_RUNS || (runs < MOST_RUNS && timed < budget); runs++) {
            times[runs] = run(inference);
            timed += times[runs];
        }
        Arrays.sort(times, 0, runs);
        return times[runs / 2];
    }

    private static void warmUp(Runnable inference, double calm) {
        double best = Double.POSITIVE_INFINITY;
        double spent = 0;
        for (double since = 0; since < calm && spent < MOST_WARM_UP_SECONDS; ) {
            double seconds = run(inference);
            spent += seconds;
            since = seconds < FASTER * best ? 0 : since + seconds;
            best = Math.min(best, seconds);
        }
    }

    private static double run(Runnable inference) {
        long start = System.nanoTime();
        inference.run();
        return (System.nanoTime() - start) / 1e9;
    }
}
