package org.sgquant.experiment;

import java.util.Arrays;
import org.sgquant.model.PackedInference;

/** Time of one packed inference on one lane. */
final class Latency {

    private static final int MOST_RUNS = 21;
    private static final int LEAST_RUNS = 3;
    private static final int WARM_UP_RUNS = 5;

    /** What a measurement may take; slow inferences are run less often. */
    private static final double BUDGET_SECONDS = 1;

    private Latency() {}

    /** Median of 21 runs after 5 to warm up, or of fewer, at least 3, where a second is too short for them. */
    static double seconds(PackedInference inference) {
        return seconds(inference, WARM_UP_RUNS, BUDGET_SECONDS);
    }

    /** Median of 21 runs after 20 to warm up, however long they take. */
    static double unhurried(PackedInference inference) {
        return seconds(inference, 20, Double.POSITIVE_INFINITY);
    }

    private static double seconds(PackedInference inference, int warmUpRuns, double budget) {
        inference.prepare();
        double spent = 0;
        for (int i = 0; i < warmUpRuns && spent < budget / 4; i++) {
            spent += run(inference);
        }
        double[] times = new double[MOST_RUNS];
        int runs = 0;
        for (double timed = 0; runs < LEAST_RUNS || (runs < MOST_RUNS && timed < budget); runs++) {
            times[runs] = run(inference);
            timed += times[runs];
        }
        Arrays.sort(times, 0, runs);
        return times[runs / 2];
    }

    private static double run(PackedInference inference) {
        long start = System.nanoTime();
        inference.runOnly();
        return (System.nanoTime() - start) / 1e9;
    }
}
