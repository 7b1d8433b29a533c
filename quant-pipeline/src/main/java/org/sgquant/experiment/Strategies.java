package org.sgquant.experiment;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.sgquant.search.AbsSearch;
import org.sgquant.search.ExhaustiveSearch;
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
    HAWQ,
    /** Every configuration of a small space. */
    EXHAUSTIVE;

    /** The strategy of this name, in lower case. */
    public static Strategies of(String name) {
        for (Strategies strategy : values()) {
            if (strategy.toString().equals(name)) {
                return strategy;
            }
        }
        throw new IllegalArgumentException("strategy '" + name + "' does not exist: choose "
                + Arrays.stream(values()).map(Strategies::toString).collect(Collectors.joining(", ")));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Every name, for help and completion. */
    public static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(values()).map(Strategies::toString).iterator();
        }
    }

    /** Ready to search {@code space} for {@code starts}; {@code seed} is that of what it draws beforehand. */
    public SearchStrategy create(Experiment experiment, BitSpace space, List<Experiment.Trained> starts, long seed) {
        return switch (this) {
            case ABS -> new AbsSearch();
            case RANDOM -> new RandomSearch();
            case EXHAUSTIVE -> new ExhaustiveSearch();
            case KNAPSACK -> knapsack(experiment, space, starts, Sensitivity.Score.DIVERGENCE, seed);
            case HAWQ -> knapsack(experiment, space, starts, Sensitivity.Score.CURVATURE, seed);
        };
    }

    private SearchStrategy knapsack(
            Experiment experiment,
            BitSpace space,
            List<Experiment.Trained> starts,
            Sensitivity.Score score,
            long seed) {
        Sensitivity sensitivity = new Sensitivity(experiment, space);
        return new KnapsackSearch(() -> sensitivity.losses(starts, score, seed), toString());
    }
}
