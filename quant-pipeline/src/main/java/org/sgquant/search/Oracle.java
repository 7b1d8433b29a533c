package org.sgquant.search;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A space of which every configuration was measured, and how strategies fare on it: their trials are looked up. */
public final class Oracle {

    /** How near to the best a strategy has to come, and in which share of the space. */
    private static final double NEAR = 1.02;

    private static final double SHARE = 0.05;

    /** The share after which a strategy is stopped. */
    private static final double SEARCHED = 0.25;

    private final Problem problem;
    private final Map<List<Integer>, Measurement> measured = new HashMap<>();
    private final double best;

    /**
     * One search of one strategy.
     *
     * @param trialsToBest measurements until the objective was within 2 % of the best there is, null if it was not in a
     *     quarter of the space
     * @param secondsToBest what these trials took when they were measured, with what the strategy itself took
     * @param regret objective found in the first 5 % of the space over the best there is, less 1; infinite where nothing
     *     feasible was found
     */
    public record Outcome(Integer trialsToBest, Double secondsToBest, double regret) {}

    /** @throws StudyException if a configuration within the known bounds is missing among {@code trials} */
    public Oracle(Problem problem, List<Trial> trials) {
        if (problem.objective() == Objective.DROP) {
            throw new IllegalArgumentException(
                    "objective drop: near a drop that may be 0 says nothing; choose all, inner or latency");
        }
        ExhaustiveSearch.requireListable(problem.space());
        this.problem = problem;
        List<Trial> own = trials.stream()
                .filter(trial -> problem.space().contains(trial.bits()) && problem.fits(trial.bits()))
                .toList();
        own.forEach(trial -> measured.put(trial.bits(), trial.measurement()));
        long missing = problem.space().list().stream()
                .filter(bits -> problem.fits(bits) && !measured.containsKey(bits))
                .count();
        if (missing > 0) {
            throw new StudyException("the study lacks " + missing + " of " + (missing + measured.size())
                    + " configurations: finish it with search --strategy exhaustive --resume");
        }
        if (own.stream().anyMatch(trial -> Double.isNaN(problem.measured(trial)))) {
            throw new StudyException("the study has no latencies: make it with search --strategy exhaustive --latency");
        }
        this.best = own.stream()
                .filter(trial -> problem.constraint().allows(trial.measurement()))
                .mapToDouble(problem::measured)
                .min()
                .orElseThrow(() -> new StudyException("no configuration of the study is within the bounds"));
    }

    /** The least objective within the bounds. */
    public double best() {
        return best;
    }

    public int size() {
        return measured.size();
    }

    /** Lets {@code strategy} search a quarter of the space, or until it proposes nothing more. */
    public Outcome run(SearchStrategy strategy, long seed) {
        long start = System.nanoTime();
        SearchResult result;
        try (Study study = Study.inMemory()) {
            result = Search.run(
                    problem,
                    strategy,
                    measured::get,
                    study,
                    new SearchSettings(Math.max(1, (int) (SEARCHED * measured.size())), seed, 1),
                    SearchListener.NONE);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        double[] curve = result.bestFeasible(problem);
        Integer reached = null;
        for (int n = 0; n < curve.length && reached == null; n++) {
            seconds += result.trials().get(n).measurement().seconds();
            reached = curve[n] <= NEAR * best ? n + 1 : null;
        }
        int few = Math.max(1, (int) (SHARE * measured.size()));
        return new Outcome(
                reached, reached == null ? null : seconds, curve[Math.min(few, curve.length) - 1] / best - 1);
    }
}
