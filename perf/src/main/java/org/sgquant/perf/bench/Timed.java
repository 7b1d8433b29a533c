package org.sgquant.perf.bench;

import java.util.ArrayList;
import java.util.List;

/** Something to be run again and again, with the milliseconds that it took. */
final class Timed {

    /** Milliseconds that a sample should take: far above what reading the clock takes. */
    private static final double SAMPLE_MILLISECONDS = 1;

    private static final int MOST_CALLS = 200;

    private final Runnable run;
    private final List<Double> samples = new ArrayList<>();
    private int callsPerSample = 1;

    Timed(Runnable run) {
        this.run = run;
    }

    /** Runs for about {@code milliseconds}, twice at the least. */
    void warmUp(double milliseconds) {
        double spent = rehearse();
        do {
            spent += rehearse();
        } while (spent < milliseconds);
    }

    /** Runs once, returns the milliseconds and sets how many calls a sample takes. */
    double rehearse() {
        double last = milliseconds(1);
        callsPerSample = (int) Math.clamp(Math.ceil(SAMPLE_MILLISECONDS / last), 1, MOST_CALLS);
        return last;
    }

    void sample() {
        samples.add(milliseconds(callsPerSample) / callsPerSample);
    }

    private double milliseconds(int calls) {
        long start = System.nanoTime();
        for (int i = 0; i < calls; i++) {
            run.run();
        }
        return (System.nanoTime() - start) / 1e6;
    }

    /** Milliseconds of one call, sample by sample. */
    double[] samples() {
        return samples.stream().mapToDouble(s -> s).toArray();
    }

    double median() {
        return Numbers.median(samples());
    }

    /** From the 10th to the 90th percentile. */
    double spread() {
        double[] all = samples();
        return Numbers.percentile(all, 90) - Numbers.percentile(all, 10);
    }
}
