package org.sgquant.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** One round of a search, measured by every worker of the study together, each by several threads. */
final class Round {

    /** A trial lasts from milliseconds to minutes; a look at the study takes well below one. */
    private static final long POLL_NANOSECONDS = TimeUnit.MILLISECONDS.toNanos(20);

    /** Measures one trial. */
    @FunctionalInterface
    interface Measuring {
        Trial measure(int number, int round, List<Integer> bits);
    }

    /** What a thread does next. */
    private enum Next {
        MEASURE,
        WAIT,
        END
    }

    private final Study study;
    private final int round;
    private final int first;
    private final List<List<Integer>> proposed;
    private final Consumer<Trial> listener;
    private final Trial[] trials;
    private final Set<Integer> mine = new HashSet<>();
    private volatile boolean stopped;

    /**
     * @param first number of the round's first trial
     * @param listener hears of every trial that is in the study, whoever measured it; calls never overlap
     */
    Round(Study study, int round, int first, List<List<Integer>> proposed, Consumer<Trial> listener) {
        this.study = study;
        this.round = round;
        this.first = first;
        this.proposed = proposed;
        this.listener = listener;
        this.trials = new Trial[proposed.size()];
    }

    /** All trials of the round, by number, once they are in the study. */
    List<Trial> measure(Measuring measuring, int threads) {
        List<Future<?>> working = new ArrayList<>();
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            for (int i = 0; i < threads; i++) {
                working.add(pool.submit(() -> work(measuring)));
            }
            try {
                await(working);
            } catch (InterruptedException e) {
                // Before the executor closes: closing waits for every thread that was not told to stop.
                stopped = true;
                Thread.currentThread().interrupt();
                throw new CancellationException("the search was interrupted; finished trials are kept");
            }
        }
        return List.of(trials);
    }

    private static void await(List<Future<?>> working) throws InterruptedException {
        RuntimeException failure = null;
        for (Future<?> thread : working) {
            try {
                thread.get();
                // A thread that has ended is awaited without a look at interrupts.
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            } catch (ExecutionException e) {
                if (e.getCause() instanceof Error error) {
                    throw error;
                }
                if (failure == null) {
                    failure = (RuntimeException) e.getCause();
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void work(Measuring measuring) {
        int[] place = new int[1];
        try {
            while (!stopped) {
                switch (next(place)) {
                    case MEASURE -> measureAt(place[0], measuring);
                    case WAIT -> LockSupport.parkNanos(POLL_NANOSECONDS);
                    case END -> {
                        return;
                    }
                }
            }
        } catch (RuntimeException | Error e) {
            stopped = true;
            throw e;
        }
    }

    /** Claims the first trial that is free and says where it is; else says what to do instead. */
    private synchronized Next next(int[] place) {
        for (Study.Entry entry : study.entries(first, first + trials.length)) {
            accept(entry.trial());
        }
        // Read once: a claim locks the file for writing, which is not to be tried in vain at every look.
        Set<Integer> claimed = study.claimed();
        for (int i = 0; i < trials.length; i++) {
            if (trials[i] == null && !mine.contains(i) && !claimed.contains(first + i) && study.claim(first + i)) {
                mine.add(i);
                place[0] = i;
                return Next.MEASURE;
            }
        }
        return Arrays.stream(trials).allMatch(trial -> trial != null) ? Next.END : Next.WAIT;
    }

    private void measureAt(int place, Measuring measuring) {
        int number = first + place;
        boolean committed = false;
        try {
            Trial trial = study.commit(measuring.measure(number, round, proposed.get(place)));
            committed = true;
            synchronized (this) {
                accept(trial);
            }
        } finally {
            if (!committed) {
                study.release(number);
            }
        }
    }

    /** Takes a trial of the study, whoever measured it. */
    private void accept(Trial trial) {
        int place = trial.number() - first;
        if (trials[place] != null) {
            return;
        }
        if (!trial.bits().equals(proposed.get(place))) {
            throw new StudyException(
                    "trial " + trial.number() + " of the study has other widths than that number of this"
                            + " search: the study was made by another version of the strategy");
        }
        trials[place] = trial;
        listener.accept(trial);
    }
}
