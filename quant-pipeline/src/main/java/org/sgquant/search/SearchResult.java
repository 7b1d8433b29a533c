package org.sgquant.search;

import java.util.Comparator;
import java.util.List;

/**
 * What a search found.
 *
 * @param best least objective within the constraint (ties: higher validation accuracy, fewer bytes, lower number); if no
 *     trial is feasible, the one of least drop
 * @param trials all, by number
 */
public record SearchResult(Trial best, List<Trial> trials) {

    static SearchResult of(Problem problem, List<Trial> trials) {
        Comparator<Trial> objective = Comparator.comparingDouble(problem::measured);
        Comparator<Trial> accuracy =
                Comparator.comparingDouble(trial -> -trial.measurement().validationAccuracy());
        Comparator<Trial> rest = Comparator.comparingLong(
                        (Trial trial) -> trial.measurement().cost().bytes())
                .thenComparingInt(Trial::number);
        Trial best = trials.stream()
                .filter(Trial::feasible)
                .min(objective.thenComparing(accuracy).thenComparing(rest))
                .or(() -> trials.stream().min(accuracy.thenComparing(objective).thenComparing(rest)))
                .orElseThrow(() -> new IllegalArgumentException("no configuration of this space is within the bounds ("
                        + problem.constraint().bounds() + "): allow more, or narrower widths"));
        return new SearchResult(best, List.copyOf(trials));
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
