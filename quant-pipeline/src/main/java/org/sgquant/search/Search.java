package org.sgquant.search;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.sgquant.kernels.CounterRandom;

/**
 * Measures what a strategy proposes, round by round, and commits each trial as it ends.
 *
 * <p>Round r depends on (seed, r, trials of the rounds before r) alone and a trial's number on its place in the round,
 * so a search that was killed proposes the same round again, measures what is missing of it and ends with the trials of
 * an uninterrupted one, at any number of threads.
 */
public final class Search {

    private final Problem problem;
    private final TrialRunner runner;
    private final Study study;
    private final SearchSettings settings;
    private final SearchListener listener;
    private int finished;

    private Search(Problem problem, TrialRunner runner, Study study, SearchSettings settings, SearchListener listener) {
        this.problem = problem;
        this.runner = runner;
        this.study = study;
        this.settings = settings;
        this.listener = listener;
    }

    /**
     * The measured configuration of least objective bytes within the drop, after {@code settings.trials()} measurements
     * or when nothing is left to measure.
     *
     * @throws StudyException if the study belongs to another strategy, seed, space or constraint
     * @throws RuntimeException the first one that {@code runner} threw; trials that had ended are kept
     * @throws CancellationException if the thread is interrupted; trials that had ended are kept
     */
    public static SearchResult run(
            Problem problem,
            SearchStrategy strategy,
            TrialRunner runner,
            Study study,
            SearchSettings settings,
            SearchListener listener) {
        Map<String, String> header = new LinkedHashMap<>();
        header.put("search.strategy", strategy.name());
        header.put("search.seed", Long.toString(settings.seed()));
        header.put("search.space", problem.space().describe());
        header.put("search.objective", problem.objective().toString());
        header.put("search.bounds", problem.constraint().bounds().toString());
        header.put(
                "search.fp32ValidationAccuracy",
                Double.toString(problem.constraint().fp32ValidationAccuracy()));
        study.bind(header);
        return new Search(problem, runner, study, settings, listener).run(strategy);
    }

    private SearchResult run(SearchStrategy strategy) {
        String prepared = strategy.prepare(problem, new SplittableRandom(CounterRandom.key(settings.seed(), -1, 0)));
        Map<List<Integer>, Trial> known = new HashMap<>();
        study.trials().forEach(trial -> known.put(trial.bits(), trial));
        finished = known.size();
        List<Trial> trials = new ArrayList<>();
        for (int round = 0; trials.size() < settings.trials(); round++) {
            SplittableRandom random = new SplittableRandom(CounterRandom.key(settings.seed(), round, 0));
            List<List<Integer>> proposed = strategy.propose(problem, prepared, List.copyOf(trials), round, random);
            if (proposed.isEmpty()) {
                break;
            }
            int count = Math.min(proposed.size(), settings.trials() - trials.size());
            trials.addAll(measure(round, trials.size(), proposed.subList(0, count), known));
        }
        return SearchResult.of(problem, trials);
    }

    private List<Trial> measure(int round, int first, List<List<Integer>> proposed, Map<List<Integer>, Trial> known) {
        AtomicBoolean stopped = new AtomicBoolean();
        List<Future<Trial>> pending = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(settings.threads())) {
            for (int i = 0; i < proposed.size(); i++) {
                int number = first + i;
                List<Integer> bits = proposed.get(i);
                Trial trial = known.get(bits);
                if (trial != null && trial.number() != number) {
                    throw new StudyException("trial " + trial.number() + " of the study is number " + number
                            + " of this search: the study was made by another version of the strategy");
                }
                pending.add(
                        trial != null
                                ? CompletableFuture.completedFuture(trial)
                                : threads.submit(() -> stopped.get() ? null : measure(number, round, bits, stopped)));
            }
            try {
                return collect(pending);
            } catch (InterruptedException e) {
                // Before the executor closes: closing waits for every trial that was not told to stop.
                stopped.set(true);
                Thread.currentThread().interrupt();
                throw new CancellationException("the search was interrupted; finished trials are kept");
            }
        }
    }

    private Trial measure(int number, int round, List<Integer> bits, AtomicBoolean stopped) {
        try {
            Measurement measurement = runner.measure(bits);
            Cost known = problem.cost().of(bits);
            Cost measured = measurement.cost();
            if (measured.bytes() != known.bytes() || measured.innerBytes() != known.innerBytes()) {
                throw new IllegalStateException("configuration " + bits + " measured " + measured.bytes() + " bytes, "
                        + measured.innerBytes() + " inner ones; the cost function says " + known.bytes() + " and "
                        + known.innerBytes());
            }
            Trial trial = new Trial(
                    number, round, bits, measurement, problem.constraint().allows(measurement));
            commit(trial);
            return trial;
        } catch (RuntimeException | Error e) {
            stopped.set(true);
            throw e;
        }
    }

    private synchronized void commit(Trial trial) {
        study.add(trial);
        finished++;
        listener.finished(trial, finished, settings.trials());
    }

    private static List<Trial> collect(List<Future<Trial>> pending) throws InterruptedException {
        List<Trial> trials = new ArrayList<>();
        RuntimeException failure = null;
        for (Future<Trial> future : pending) {
            try {
                trials.add(future.get());
                // A trial that has ended is handed over without a look at interrupts.
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
        return trials;
    }
}
