package org.sgquant.search;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * What a search found.
 *
 * @param best least objective within the constraint (ties: higher validation accuracy, fewer bytes, lower number); if no
 *     trial is feasible, the one of least drop
 * @param trials all, by number
 */
public record SearchResult(Trial best, List<Trial> trials) {

    static SearchResult of(Problem problem, List<Trial> trials) {
        Trial best = best(trials, problem::measured)
                .orElseThrow(() -> new IllegalArgumentException("no configuration of this space is within the bounds ("
                        + problem.constraint().bounds() + "): allow more, or narrower widths"));
        return new SearchResult(best, List.copyOf(trials));
    }

    /** {@link #best} of {@code trials} whose objective was measured as {@code measured} says; none of none. */
    public static Optional<Trial> best(List<Trial> trials, ToDoubleFunction<Trial> measured) {
        Comparator<Trial> objective = Comparator.comparingDouble(measured);
        Comparator<Trial> accuracy =
                Comparator.comparingDouble(trial -> -trial.measurement().validationAccuracy());
        Comparator<Trial> rest = Comparator.comparingLong(
                        (Trial trial) -> trial.measurement().cost().bytes())
                .thenComparingInt(Trial::number);
        return trials.stream()
                .filter(Trial::feasible)
                .min(objective.thenComparing(accuracy).thenComparing(rest))
                .or(() -> trials.stream().min(accuracy.thenComparing(objective).thenComparing(rest)));
    }

    /** Least objective of a feasible trial among the first n + 1, infinite while there is none. */
    public double[] bestFeasible(Problem problem) {
        double[] curve = new double[trials.size()];
        double least = Double.POSITIVE_INFINITY;
        for (int n = 0; n < curve.length; n++) {
            Trial trial = trials.get(n);
            if (trial.feasible()) {
                least = Math.min(least, problem.measured(trial));
            }
            curve[n] = least;
        }
        return curve;
    }
}
