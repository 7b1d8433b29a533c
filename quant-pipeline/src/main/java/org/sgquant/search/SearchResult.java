package org.sgquant.search;

import java.util.Comparator;
import java.util.List;

/**
 * What a search found.
 *
 * @param best least bytes within the drop (ties: higher validation accuracy, then lower number); if no trial is
 *     feasible, the one of least drop
 * @param trials all, by number
 */
public record SearchResult(Trial best, List<Trial> trials) {

    private static final Comparator<Trial> ACCURATE = Comparator.comparingDouble(
                    (Trial trial) -> -trial.measurement().validationAccuracy())
            .thenComparingLong(trial -> trial.measurement().objectiveBytes())
            .thenComparingInt(Trial::number);
    private static final Comparator<Trial> SMALL = Comparator.comparingLong(
                    (Trial trial) -> trial.measurement().objectiveBytes())
            .thenComparing(ACCURATE);

    static SearchResult of(List<Trial> trials) {
        Trial best = trials.stream()
                .filter(Trial::feasible)
                .min(SMALL)
                .orElseGet(() -> trials.stream().min(ACCURATE).orElseThrow());
        return new SearchResult(best, List.copyOf(trials));
    }

    /** Least objective bytes of a feasible trial among the first n + 1, {@code Long.MAX_VALUE} while there is none. */
    public long[] bestFeasibleBytes() {
        long[] curve = new long[trials.size()];
        long least = Long.MAX_VALUE;
        for (int n = 0; n < curve.length; n++) {
            Trial trial = trials.get(n);
            if (trial.feasible()) {
                least = Math.min(least, trial.measurement().objectiveBytes());
            }
            curve[n] = least;
        }
        return curve;
    }
}
