package org.sgquant.search;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import org.sgquant.kernels.CounterRandom;

/**
 * Measures what a strategy proposes, round by round, and commits each trial as it ends.
 *
 * <p>Round r depends on (seed, r, trials of the rounds before r) alone and a trial's number on its place in the round, so
 * every worker of a study proposes the same round, measures those of its trials that it can claim, and waits for the
 * others' before the next one. A search that was killed measures what is missing and ends with the trials of an
 * uninterrupted one, at any number of threads and processes.
 */
public final class Search {

    private static final String PREPARED = "search.prepared";

    private final Problem problem;
    private final TrialRunner runner;
    private final Study study;
    private final SearchSettings settings;
    private final SearchListener listener;
    private final Set<Integer> known = new HashSet<>();

    private Search(Problem problem, TrialRunner runner, Study study, SearchSettings settings, SearchListener listener) {
        this.problem = problem;
        this.runner = runner;
        this.study = study;
        this.settings = settings;
        this.listener = listener;
    }

    /**
     * The measured configuration of least objective within the constraint, after {@code settings.trials()} measurements,
     * those of other workers included, or when nothing is left to measure.
     *
     * @throws StudyException if the study belongs to another strategy, seed, space, objective or constraint
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
        study.ask(settings.trials());
        return new Search(problem, runner, study, settings, listener).run(strategy);
    }

    private SearchResult run(SearchStrategy strategy) {
        study.trials().forEach(trial -> known.add(trial.number()));
        if (known.isEmpty()) {
            study.begin();
        }
        byte[] prepared = study.once(
                PREPARED, () -> prepare(problem, strategy, settings.seed()).getBytes(StandardCharsets.UTF_8));
        String knowledge = new String(prepared, StandardCharsets.UTF_8);
        List<Trial> trials = new ArrayList<>();
        for (int round = 0; trials.size() < settings.trials(); round++) {
            List<List<Integer>> proposed =
                    strategy.propose(problem, knowledge, List.copyOf(trials), round, random(settings.seed(), round));
            if (proposed.isEmpty()) {
                // Nothing is left to measure: whoever watches the study is not to wait for more.
                study.ask(trials.size());
                break;
            }
            int count = Math.min(proposed.size(), settings.trials() - trials.size());
            Round measured = new Round(study, round, trials.size(), proposed.subList(0, count), this::hear);
            trials.addAll(measured.measure(this::measure, settings.threads()));
        }
        return SearchResult.of(problem, trials);
    }

    /** What {@code strategy} prepares for a search of this seed. */
    static String prepare(Problem problem, SearchStrategy strategy, long seed) {
        return strategy.prepare(problem, random(seed, -1));
    }

    private static SplittableRandom random(long seed, int round) {
        return new SplittableRandom(CounterRandom.key(seed, round, 0));
    }

    private Trial measure(int number, int round, List<Integer> bits) {
        Measurement measurement = runner.measure(bits);
        Cost expected = problem.cost().of(bits);
        Cost measured = measurement.cost();
        if (measured.bytes() != expected.bytes() || measured.innerBytes() != expected.innerBytes()) {
            throw new IllegalStateException("configuration " + bits + " measured " + measured.bytes() + " bytes, "
                    + measured.innerBytes() + " inner ones; the cost function says " + expected.bytes() + " and "
                    + expected.innerBytes());
        }
        return new Trial(number, round, bits, measurement, problem.constraint().allows(measurement));
    }

    /** Tells the listener of a trial that is in the study now and was not when the search began. */
    private void hear(Trial trial) {
        if (known.add(trial.number())) {
            listener.finished(trial, known.size(), settings.trials());
        }
    }
}
