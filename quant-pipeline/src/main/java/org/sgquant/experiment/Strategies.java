package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.sgquant.data.NearNames;
import org.sgquant.quant.WeightConfig;
import org.sgquant.search.AbsSearch;
import org.sgquant.search.Controller;
import org.sgquant.search.Differentiable;
import org.sgquant.search.ExhaustiveSearch;
import org.sgquant.search.KnapsackSearch;
import org.sgquant.search.PolicySearch;
import org.sgquant.search.RandomSearch;
import org.sgquant.search.SearchStrategy;
import org.sgquant.train.TrainConfig;

/** The search strategies by the names that users give them, with hyphens. */
public enum Strategies {
    /** Measure, fit a cost model, predict, repeat: SGQuant's own. */
    ABS,
    /** The same with a random forest in place of each regression tree. */
    ABS_FOREST,
    /** The baseline. */
    RANDOM,
    /** Exact knapsack over the measured divergence of each cell. */
    KNAPSACK,
    /** Exact knapsack over the loss that curvature predicts for each cell: HAWQ-V2, entry by entry. */
    HAWQ,
    /** A policy trained on weights that all configurations share: FLIQS. */
    CONTROLLER,
    /** A policy that descends the loss of the mix of all widths: MixQ. */
    DIFFERENTIABLE,
    /** Every configuration of a small space. */
    EXHAUSTIVE;

    /** The strategy of this name, in lower case. */
    public static Strategies of(String name) {
        return NearNames.constant(Strategies.class, "strategy", name);
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Refuses, before anything is trained, weights that it cannot do with: {@link #KNAPSACK} and {@link #HAWQ} pack models
     * as they were trained, {@link #DIFFERENTIABLE} mixes widths, and shared weights of {@link #CONTROLLER} meet one
     * configuration after the other, while powers of two freeze for one alone.
     */
    public void require(WeightConfig weights) {
        boolean fits = switch (this) {
            case KNAPSACK, HAWQ, DIFFERENTIABLE -> weights.isAffine();
            case CONTROLLER -> weights.powers() == null;
            case ABS, ABS_FOREST, RANDOM, EXHAUSTIVE -> true;
        };
        weights.require(fits, "strategy " + this, this == CONTROLLER ? "affine or multi-bit" : "affine");
    }

    /** Every name, for help and completion. */
    public static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(values()).map(Strategies::toString).iterator();
        }
    }

    /**
     * Ready to search {@code space} for {@code starts}.
     *
     * @param fineTune of a trial
     * @param seed of what is drawn beforehand
     */
    public SearchStrategy create(
            Experiment experiment, BitSpace space, List<Experiment.Trained> starts, TrainConfig fineTune, long seed) {
        return switch (this) {
            case ABS -> new AbsSearch();
            case ABS_FOREST -> AbsSearch.forest();
            case RANDOM -> new RandomSearch();
            case EXHAUSTIVE -> new ExhaustiveSearch();
            case KNAPSACK -> knapsack(experiment, space, starts, Sensitivity.Score.DIVERGENCE, seed);
            case HAWQ -> knapsack(experiment, space, starts, Sensitivity.Score.FISHER, seed);
            case CONTROLLER -> controller(experiment, space, starts, fineTune);
            case DIFFERENTIABLE -> differentiable(experiment, space, starts, fineTune);
        };
    }

    private static SearchStrategy controller(
            Experiment experiment, BitSpace space, List<Experiment.Trained> starts, TrainConfig fineTune) {
        Controller.Lender lender = work -> experiment.lanes().run(lane -> {
            try (SharedWeights weights = new SharedWeights(experiment, lane, space, starts, fineTune)) {
                work.accept(weights);
            }
            return null;
        });
        return new PolicySearch(new Controller(lender, Controller.Settings.DEFAULT));
    }

    /** Every step is one of the next of {@code starts}. */
    private static SearchStrategy differentiable(
            Experiment experiment, BitSpace space, List<Experiment.Trained> starts, TrainConfig fineTune) {
        Differentiable.Lender lender = work -> experiment.lanes().run(lane -> {
            List<MixedWeights> mixed = new ArrayList<>();
            int[] steps = {0};
            try {
                for (Experiment.Trained start : starts) {
                    mixed.add(new MixedWeights(experiment, lane, space, start, fineTune.learningRate()));
                }
                work.accept(
                        probabilities -> mixed.get(steps[0]++ % mixed.size()).step(probabilities));
            } finally {
                mixed.forEach(MixedWeights::close);
            }
            return null;
        });
        return new PolicySearch(new Differentiable(lender, Differentiable.Settings.DEFAULT));
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
