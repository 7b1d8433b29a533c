package org.sgquant.experiment;

import java.util.List;
import org.sgquant.search.AbsSearch;
import org.sgquant.search.KnapsackSearch;
import org.sgquant.search.RandomSearch;
import org.sgquant.search.SearchStrategy;

/** The search strategies by the names that users give them. */
public enum Strategies {
    /** Measure, fit a cost model, predict, repeat: SGQuant's own. */
    ABS,
    /** The baseline. */
    RANDOM,
    /** Exact knapsack over the measured divergence of each cell. */
    KNAPSACK,
    /** Exact knapsack over the loss that curvature predicts for each cell: HAWQ-V2. */
    HAWQ;

    private static final String CHOICES = "abs, random, knapsack or hawq";

    /** The strategy called {@code name}. */
    public static Strategies of(String name) {
        return switch (name) {
            case "abs" -> ABS;
            case "random" -> RANDOM;
            case "knapsack" -> KNAPSACK;
            case "hawq" -> HAWQ;
            default -> throw new IllegalArgumentException("strategy '" + name + "' does not exist: choose " + CHOICES);
        };
    }

    /** Ready to search {@code space} for {@code starts}; {@code seed} is that of what it draws beforehand. */
    public SearchStrategy create(Experiment experiment, BitSpace space, List<Experiment.Trained> starts, long seed) {
        return switch (this) {
            case ABS -> new AbsSearch();
            case RANDOM -> new RandomSearch();
            case KNAPSACK -> knapsack(experiment, space, starts, Sensitivity.Score.DIVERGENCE, seed);
            case HAWQ -> knapsack(experiment, space, starts, Sensitivity.Score.CURVATURE, seed);
        };
    }

    private static SearchStrategy knapsack(
            Experiment experiment,
            BitSpace space,
            List<Experiment.Trained> starts,
            Sensitivity.Score score,
            long seed) {
        Sensitivity sensitivity = new Sensitivity(experiment, space);
        return new KnapsackSearch(() -> sensitivity.losses(starts, score, seed), score.toString());
    }
}
