package org.sgquant.perf.device;

import java.util.Arrays;

/**
 * Times calls: some warm-up, then samples of as many calls as make the time between two readings of the clock long
 * against its resolution; operands are the same every time, so caches are as warm as they can be.
 *
 * @param warmUpCalls most calls before the samples
 * @param samples most samples
 * @param seconds samples end after this time, though not before {@link #LEAST_SAMPLES}
 */
record Sampler(Clock clock, int warmUpCalls, int samples, double seconds) {

    /** Samples that a median and quartiles need at the least. */
    static final int LEAST_SAMPLES = 5;

    /** Milliseconds that a sample should take: far above the half microsecond of an event. */
    private static final double SAMPLE_MILLISECONDS = 1;

    private static final int MOST_CALLS = 200;

    /** Milliseconds that the work queued by {@code calls} takes, waiting for its end. */
    interface Clock {
        double milliseconds(Runnable calls);
    }

    /** Milliseconds of one call, over {@code samples} means of {@code callsPerSample} calls. */
    record Times(double median, double lowerQuartile, double upperQuartile, int samples, int callsPerSample) {

        static Times of(double[] milliseconds, int callsPerSample) {
            double[] sorted = milliseconds.clone();
            Arrays.sort(sorted);
            int n = sorted.length;
            return new Times(sorted[n / 2], sorted[n / 4], sorted[n - 1 - n / 4], n, callsPerSample);
        }
    }

    static Sampler full(Clock clock) {
        return new Sampler(clock, 50, 200, 1);
    }

    /** For trying things out: too few for a figure. */
    static Sampler quick(Clock clock) {
        return new Sampler(clock, 2, LEAST_SAMPLES, 0);
    }

    Times measure(Runnable call) {
        double once = warmUp(call);
        int calls = (int) Math.clamp(Math.ceil(SAMPLE_MILLISECONDS / once), 1, Math.min(MOST_CALLS, 4 * samples));
        double[] times = new double[samples];
        int n = 0;
        for (double spent = 0; n < samples && (n < LEAST_SAMPLES || spent < seconds * 1e3); n++) {
            double sample = clock.milliseconds(() -> repeat(call, calls));
            times[n] = sample / calls;
            spent += sample;
        }
        return Times.of(Arrays.copyOf(times, n), calls);
    }

    /** Milliseconds of a call by the last readings of the warm-up. */
    private double warmUp(Runnable call) {
        // The first two calls may allocate scratch memory and record a graph.
        clock.milliseconds(call);
        clock.milliseconds(call);
        double last = clock.milliseconds(call);
        double spent = last;
        for (int i = 3; i < warmUpCalls && spent < seconds * 1e3 / 3; i++) {
            last = Math.min(last, clock.milliseconds(call));
            spent += last;
        }
        return last;
    }

    private static void repeat(Runnable call, int times) {
        for (int i = 0; i < times; i++) {
            call.run();
        }
    }
}
