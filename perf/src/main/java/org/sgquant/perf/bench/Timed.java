package org.sgquant.perf.bench;

import java.util.ArrayList;
import java.util.List;
import org.sgquant.perf.peer.PeerRun;

/** Something to be run again and again, with the milliseconds that it took. */
final class Timed {

    /** Milliseconds that a sample should take: far above what reading the clock takes. */
    private static final double SAMPLE_MILLISECONDS = 1;

    private static final int MOST_CALLS = 200;

    /** Makes so many calls and says what they took, in milliseconds. */
    @FunctionalInterface
    private interface Calls {
        double milliseconds(int calls);
    }

    private final Calls run;
    /** Whether what it throws is kept instead of ending everything. */
    private final boolean mayFail;

    private final List<Double> samples = new ArrayList<>();
    private double leastMilliseconds = Double.POSITIVE_INFINITY;
    private int callsPerSample = 1;

    private RuntimeException failure;

    Timed(Runnable run) {
        this(
                calls -> {
                    long start = System.nanoTime();
                    for (int i = 0; i < calls; i++) {
                        run.run();
                    }
                    return (System.nanoTime() - start) / 1e6;
                },
                false);
    }

    private Timed(Calls run, boolean mayFail) {
        this.run = run;
        this.mayFail = mayFail;
    }

    /**
     * By the clock of who computes where that is another process: what travels between them is not its work. What it throws
     * is its {@link #failure}, after which it is run no more.
     */
    static Timed of(PeerRun run) {
        Timed here = new Timed((Runnable) run::run);
        return new Timed(
                calls -> {
                    double sum = 0;
                    for (int i = 0; i < calls; i++) {
                        double ms = here.milliseconds(1);
                        sum += run.milliseconds().orElse(ms);
                    }
                    return sum;
                },
                true);
    }

    /** Runs for about {@code milliseconds}, twice at the least. */
    void warmUp(double milliseconds) {
        double spent = rehearse();
        do {
            spent += rehearse();
        } while (spent < milliseconds && failure == null);
    }

    /** Runs once, returns the milliseconds and sets how many calls a sample takes, by the fastest one so far. */
    double rehearse() {
        double last = milliseconds(1);
        if (failure != null) {
            return last;
        }
        leastMilliseconds = Math.min(leastMilliseconds, last);
        callsPerSample = (int) Math.clamp(Math.ceil(SAMPLE_MILLISECONDS / leastMilliseconds), 1, MOST_CALLS);
        return last;
    }

    /** Runs, whatever it takes. */
    void once() {
        milliseconds(1);
    }

    void sample() {
        double sample = milliseconds(callsPerSample) / callsPerSample;
        if (failure == null) {
            samples.add(sample);
        }
    }

    private double milliseconds(int calls) {
        if (failure != null) {
            return Double.NaN;
        }
        try {
            return run.milliseconds(calls);
        } catch (RuntimeException e) {
            if (!mayFail) {
                throw e;
            }
            failure = e;
            return Double.NaN;
        }
    }

    /** Why it runs no more, null while it does. */
    RuntimeException failure() {
        return failure;
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
