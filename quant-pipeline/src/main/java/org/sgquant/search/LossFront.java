package org.sgquant.search;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * Search along estimated losses: of all configurations of one cost the one of least loss, which is added up over cells;
 * how much loss the constraint allows is found by measuring along this front.
 *
 * <p>The first round measures places of the front at even steps, each later one between the dearest place that broke the
 * bounds and the best that kept them. Where none is left there, cells interact more than a sum can tell, and {@link
 * AbsSearch} goes on from all that was measured, its drop model drawn to the losses, which the trials scale.
 */
final class LossFront {

    /** Places measured in a round. */
    static final int BATCH = 6;

    /** Rounds are short: each knows what the one before measured. */
    private static final AbsSearch AFTERWARDS = new AbsSearch(6, 2000, 0.1, 1);

    /** The front that was made last: it does not change from round to round. */
    static final class Last {

        private record Known(String prepared, LossFront front) {}

        private volatile Known known;

        /**
         * The front of the losses that {@code read} finds in {@code prepared}.
         *
         * @throws StudyException where they are not of this space
         */
        LossFront of(Problem problem, String prepared, Function<String, double[][]> read) {
            Known last = known;
            if (last == null || !last.prepared.equals(prepared) || !last.front.problem.equals(problem)) {
                last = new Known(prepared, new LossFront(problem, read.apply(prepared)));
                known = last;
            }
            return last.front;
        }
    }

    private final Problem problem;
    private final double[][] losses;
    private final List<List<Integer>> front;

    /**
     * @param losses {@code [dimension][choice]}, in any unit; a row may be empty, where they are not known: the front then
     *     takes those of the {@link MonotonePenalty}'s prior, in the unit of the others
     * @throws StudyException where losses are not one finite number per dimension and choice, or no number
     */
    private LossFront(Problem problem, double[][] losses) {
        requireShape(problem.space(), losses);
        this.problem = problem;
        this.losses = losses;
        this.front = front();
    }

    /** What a strategy that goes along a front is called in addition to its own name. */
    static String describe() {
        return "batch=" + BATCH + ", then " + AFTERWARDS.name();
    }

    private static void requireShape(SearchSpace space, double[][] losses) {
        List<Integer> expected =
                space.dimensions().stream().map(d -> d.choices().size()).toList();
        List<Integer> got = new ArrayList<>();
        for (double[] ofDimension : losses) {
            int choices = got.size() < expected.size() ? expected.get(got.size()) : 0;
            got.add(ofDimension.length == 0 ? choices : ofDimension.length);
            for (double loss : ofDimension) {
                if (!Double.isFinite(loss)) {
                    throw new StudyException("a loss of the study is " + loss + ", expected a finite number");
                }
            }
        }
        if (!got.equals(expected)) {
            throw new StudyException(
                    "the study's losses are not those of its space: of " + got + " choices, expected " + expected);
        }
    }

    List<List<Integer>> propose(List<Trial> finished, int round, RandomGenerator random) {
        List<List<Integer>> places =
                problem.objective() == Objective.DROP ? leastLoss(finished, round) : between(finished);
        return places.isEmpty() ? AFTERWARDS.propose(problem, losses, finished, random) : places;
    }

    /** The unseen ones among the last places: where cost is only bounded, two rounds of those of least predicted loss. */
    private List<List<Integer>> leastLoss(List<Trial> finished, int round) {
        Set<List<Integer>> seen = Trial.configurations(finished);
        List<List<Integer>> unseen =
                front.reversed().stream().filter(bits -> !seen.contains(bits)).toList();
        return round > 1 ? List.of() : unseen.subList(0, Math.min(BATCH, unseen.size()));
    }

    /** Even steps between the dearest place that broke the bounds, below the best that kept them, and that one. */
    private List<List<Integer>> between(List<Trial> finished) {
        Map<List<Integer>, Boolean> feasible =
                finished.stream().collect(Collectors.toMap(Trial::bits, Trial::feasible));
        int best = 0;
        while (best < front.size() && !feasible.getOrDefault(front.get(best), false)) {
            best++;
        }
        int broken = best - 1;
        while (broken >= 0 && !feasible.containsKey(front.get(broken))) {
            broken--;
        }
        return spread(front.subList(broken + 1, best), BATCH);
    }

    /** Up to {@code count} of {@code places}, at even steps. */
    static List<List<Integer>> spread(List<List<Integer>> places, int count) {
        int taken = Math.min(count, places.size());
        List<List<Integer>> spread = new ArrayList<>();
        for (int i = 0; i < taken; i++) {
            spread.add(places.get((2 * i + 1) * places.size() / (2 * taken)));
        }
        return spread;
    }

    /** Configurations of the knapsack's front that fit the known bounds, by ascending cost. */
    private List<List<Integer>> front() {
        SearchSpace space = problem.space();
        List<Integer> widest = space.widest();
        double[][] filled = MonotonePenalty.filled(space, losses);
        List<List<Knapsack.Option>> options = new ArrayList<>();
        for (int i = 0; i < widest.size(); i++) {
            List<Knapsack.Option> ofDimension = new ArrayList<>();
            List<Integer> choices = space.dimensions().get(i).choices();
            for (int c = 0; c < choices.size(); c++) {
                List<Integer> bits = new ArrayList<>(widest);
                bits.set(i, choices.get(c));
                ofDimension.add(new Knapsack.Option(cost(problem, bits), filled[i][c]));
            }
            options.add(ofDimension);
        }
        return Knapsack.front(options).stream()
                .map(point -> configuration(space, point))
                .filter(problem::fits)
                .toList();
    }

    /** The objective where it is known, else how far the bounds are filled. */
    static double cost(Problem problem, List<Integer> bits) {
        return problem.objective() == Objective.DROP
                ? problem.constraint().bounds().filled(problem.cost().of(bits))
                : problem.known(bits);
    }

    private static List<Integer> configuration(SearchSpace space, Knapsack.Point point) {
        List<Integer> bits = new ArrayList<>();
        for (int i = 0; i < point.choices().size(); i++) {
            bits.add(space.dimensions().get(i).choices().get(point.choices().get(i)));
        }
        return bits;
    }
}
