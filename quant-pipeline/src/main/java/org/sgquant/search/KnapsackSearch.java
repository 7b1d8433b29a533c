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

    private static final int BATCH = 6;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A front and what it was made from: it does not change from round to round. */
    private record Known(String prepared, LossFront front) {}

    private final Losses losses;
    private final String label;
    private volatile Known known;

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
        return label + " " + LossFront.describe(BATCH);
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
        return front(problem, prepared).propose(finished, round, random);
    }

    private LossFront front(Problem problem, String prepared) {
        Known last = known;
        if (last == null || !last.prepared().equals(prepared) || !last.front().isOf(problem)) {
            last = new Known(prepared, front(problem, read(prepared)));
            known = last;
        }
        return last.front();
    }

    private static double[][] read(String prepared) {
        try {
            return JSON.readValue(prepared, double[][].class);
        } catch (JsonProcessingException e) {
            throw new StudyException("the study's losses are not numbers: " + e.getOriginalMessage());
        }
    }

    private static LossFront front(Problem problem, double[][] losses) {
        try {
            return new LossFront(problem, losses, BATCH);
        } catch (IllegalArgumentException e) {
            throw new StudyException("the study's losses are not those of its space: " + e.getMessage());
        }
    }
}
