package org.sgquant.search;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** A space of which every configuration was measured, and how strategies fare on it: their trials are looked up. */
public final class Oracle {

    /** How near to the best a strategy has to come, and in which share of the space. */
    private static final double NEAR = 1.02;

    private static final double SHARE = 0.05;

    /** The share after which a strategy is stopped. */
    private static final double SEARCHED = 0.25;

    private final Problem problem;
    private final int lanes;
    private final Map<List<Integer>, Measurement> measured = new HashMap<>();
    private final double best;

    /**
     * One search of one strategy.
     *
     * @param trialsToBest measurements until the objective was within 2 % of the best there is, null if it was not in a
     *     quarter of the space
     * @param secondsToBest what these trials took when they were measured, as many at a time as there are lanes, what the
     *     strategy took to propose them, and its preparation
     * @param preparationSeconds of these the preparation
     * @param regret objective found in the first 5 % of the space over the best there is, less 1; infinite where nothing
     *     feasible was found
     */
    public record Outcome(Integer trialsToBest, Double secondsToBest, double preparationSeconds, double regret) {}

    /** What a strategy prepared for the search of one seed, and how long it took. */
    public record Prepared(
            @JsonProperty(required = true) String value,
            @JsonProperty(required = true) double seconds) {}

    /**
     * @param lanes trials that are taken to have been measured side by side
     * @throws StudyException if a configuration within the known bounds is missing among {@code trials}
     */
    public Oracle(Problem problem, List<Trial> trials, int lanes) {
        if (problem.objective() == Objective.DROP) {
            throw new IllegalArgumentException(
                    "objective drop: near a drop that may be 0 says nothing; choose all, inner or latency");
        }
        ExhaustiveSearch.requireListable(problem.space());
        this.problem = problem;
        this.lanes = lanes;
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
        if (needsLatency(problem)
                && own.stream()
                        .anyMatch(
                                trial -> Double.isNaN(trial.measurement().cost().latencySeconds()))) {
            throw new StudyException("the study has no latencies: make it with search --strategy exhaustive --latency");
        }
        this.best = own.stream()
                .filter(trial -> problem.constraint().allows(trial.measurement()))
                .mapToDouble(problem::measured)
                .min()
                .orElseThrow(() -> new StudyException("no configuration of the study is within the bounds"));
    }

    private static boolean needsLatency(Problem problem) {
        return problem.objective() == Objective.LATENCY
                || problem.constraint().bounds().limitLatency();
    }

    /** The least objective within the bounds. */
    public double best() {
        return best;
    }

    public int size() {
        return measured.size();
    }

    /** The preparation of the search that {@link #run} makes of this seed. */
    public Prepared prepare(SearchStrategy strategy, long seed) {
        long start = System.nanoTime();
        String value = Search.prepare(problem, strategy, seed);
        return new Prepared(value, seconds(start));
    }

    /**
     * Lets {@code strategy} search a twentieth of the space and on until it is near the best, at most a quarter, or until it
     * proposes nothing more.
     */
    public Outcome run(SearchStrategy strategy, Prepared prepared, long seed) {
        Judged judged = new Judged(strategy, prepared);
        SearchResult result;
        try (Study study = Study.inMemory()) {
            result = Search.run(
                    problem,
                    judged,
                    measured::get,
                    study,
                    new SearchSettings(share(SEARCHED), seed, 1),
                    SearchListener.NONE);
        }
        double[] curve = result.bestFeasible(problem);
        double ofTrials = 0;
        Integer reached = null;
        Double seconds = null;
        for (int n = 0; n < curve.length && reached == null; n++) {
            Trial trial = result.trials().get(n);
            ofTrials += trial.measurement().seconds() / lanes;
            if (curve[n] <= NEAR * best) {
                reached = n + 1;
                seconds = prepared.seconds() + judged.seconds.get(trial.round()) + ofTrials;
            }
        }
        return new Outcome(
                reached, seconds, prepared.seconds(), curve[Math.min(share(SHARE), curve.length) - 1] / best - 1);
    }

    private int share(double share) {
        return Math.max(1, (int) (share * measured.size()));
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    /** A strategy that was prepared before, is timed, and ends once it has nothing more to show. */
    private final class Judged implements SearchStrategy {

        private final SearchStrategy strategy;
        private final Prepared prepared;

        /** What proposing took, up to and with each round. */
        private final List<Double> seconds = new ArrayList<>();

        Judged(SearchStrategy strategy, Prepared prepared) {
            this.strategy = strategy;
            this.prepared = prepared;
        }

        @Override
        public String name() {
            return strategy.name();
        }

        @Override
        public String prepare(Problem asked, RandomGenerator random) {
            return prepared.value();
        }

        @Override
        public List<List<Integer>> propose(
                Problem asked, String value, List<Trial> finished, int round, RandomGenerator random) {
            boolean near =
                    finished.stream().anyMatch(trial -> trial.feasible() && asked.measured(trial) <= NEAR * best);
            if (near && finished.size() >= share(SHARE)) {
                return List.of();
            }
            long start = System.nanoTime();
            List<List<Integer>> proposed = strategy.propose(asked, value, finished, round, random);
            seconds.add((seconds.isEmpty() ? 0 : seconds.getLast()) + seconds(start));
            return proposed;
        }
    }
}
