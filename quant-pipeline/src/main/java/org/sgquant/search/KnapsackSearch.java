package org.sgquant.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Sensitivities and an exact knapsack: trials go along the {@link LossFront} of losses that are computed beforehand.
 * Sources: Dong et al., HAWQ-V2, NeurIPS 2020 (Pareto front of summed losses); Yao et al., HAWQ-V3, ICML 2021 (its
 * linear program).
 */
public final class KnapsackSearch implements SearchStrategy {

    /** Computes the predicted losses, {@code [dimension][choice]}. */
    @FunctionalInterface
    public interface Losses {
        double[][] compute();
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Losses losses;
    private final String label;
    private final LossFront.Last front = new LossFront.Last();

    /**
     * @param losses loss of every choice of every dimension, computed when the search begins
     * @param label what users call it with these losses
     */
    public KnapsackSearch(Losses losses, String label) {
        this.losses = losses;
        this.label = label;
    }

    @Override
    public String name() {
        return label + " " + LossFront.describe();
    }

    @Override
    public String prepare(Problem problem, RandomGenerator random) {
        try {
            return JSON.writeValueAsString(losses.compute());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("losses are plain numbers", e);
        }
    }

    @Override
    public List<List<Integer>> propose(
            Problem problem, String prepared, List<Trial> finished, int round, RandomGenerator random) {
        return front.of(problem, prepared, KnapsackSearch::read).propose(finished, round, random);
    }

    private static double[][] read(String prepared) {
        try {
            return JSON.readValue(prepared, double[][].class);
        } catch (JsonProcessingException e) {
            throw new StudyException("the study's losses are not numbers: " + e.getOriginalMessage());
        }
    }
}
