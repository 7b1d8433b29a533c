package org.sgquant.experiment;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Median time of one inference on one lane, of warm code: until the JVM has compiled what runs, beside what trained before
 * it, an inference takes up to fifty times as long.
 */
final class Latency {

    private static final int MOST_RUNS = 21;
    private static final int LEAST_RUNS = 3;

    /** What the timed runs of one of many may take; slow inferences are run less often. */
    private static final double BUDGET_SECONDS = 1;

    /** Code is warm once nothing was faster for so long by more than noise is: compiling takes that long. */
    private static final double CALM_SECONDS = 2;

    /** The same where it was warm before, but the JVM may want to compile for this one again. */
    private static final double BRIEF_CALM_SECONDS = 0.1;

    /** The same where only memory is new. */
    private static final double LEAST_CALM_SECONDS = 0.02;

    /** The same where this process has timed one of its kind, whose code is mostly this one's. */
    private static final double KNOWN_CALM_SECONDS = 0.3;

    /** Kinds of inference that this process has timed: the JVM compiles once for all. */
    private static final Set<Class<?>> TIMED = ConcurrentHashMap.newKeySet();

    private static final double FASTER = 0.95;
    private static final double MOST_WARM_UP_SECONDS = 20;

    private Latency() {}

    /** Runs all of {@code inferences} in turn until they are warm. */
    static void warmUp(List<Runnable> inferences) {
        warmUp(inferences, CALM_SECONDS);
    }

    /** Of one like those that were warmed up: median of 21 runs, or of fewer, at least 3, where a second is too short. */
    static double seconds(Runnable inference) {
        warmUp(List.of(inference), BRIEF_CALM_SECONDS);
        return median(inference, BUDGET_SECONDS);
    }

    /** The same of one that is timed in rounds among others, and of which the least counts. */
    static double inRounds(Runnable inference) {
        warmUp(List.of(inference), LEAST_CALM_SECONDS);
        return median(inference, BUDGET_SECONDS);
    }

    /** Of one that nothing but others of its kind have warmed up: median of 21 runs, however long they take. */
    static double unhurried(Class<?> kind, Runnable inference) {
        warmUp(List.of(inference), TIMED.add(kind) ? CALM_SECONDS : KNOWN_CALM_SECONDS);
        return median(inference, Double.POSITIVE_INFINITY);
    }

    private static void warmUp(List<Runnable> inferences, double calm) {
        double best = Double.POSITIVE_INFINITY;
        double spent = 0;
        for (double since = 0; since < calm && spent < MOST_WARM_UP_SECONDS; ) {
            double seconds = inferences.stream().mapToDouble(Latency::run).sum();
            spent += seconds;
            since = seconds < FASTER * best ? 0 : since + seconds;
            best = Math.min(best, seconds);
        }
    }

    private static double median(Runnable inference, double budget) {
        double[] times = new double[MOST_RUNS];
        int runs = 0;
        for (double timed = 0; runs < LEAST_RUNS || (runs < MOST_RUNS && timed < budget); runs++) {
            times[runs] = run(inference);
            timed += times[runs];
        }
        Arrays.sort(times, 0, runs);
        return times[runs / 2];
    }

    private static double run(Runnable inference) {
        long start = System.nanoTime();
        inference.run();
        return (System.nanoTime() - start) / 1e9;
    }
}
