package org.sgquant.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * Sensitivities and an exact knapsack: of all configurations of one cost the one of least predicted loss, which is added
 * up over cells; how much loss the constraint allows is found by measuring along this front.
 *
 * <p>The first round measures places of the front at even steps, each later one between the dearest place that broke the
 * bounds and the best that kept them. Where none is left there, cells interact more than a sum can tell, and {@link
 * AbsSearch} goes on from all that was measured. Sources: Dong et al., HAWQ-V2, NeurIPS 2020 (Pareto front of summed
 * losses); Yao et al., HAWQ-V3, ICML 2021 (its linear program).
 *
 * @param losses loss of every choice of every dimension, computed when the search begins
 * @param label what users call it with these losses
 * @param batch places measured per round
 */
public record KnapsackSearch(Losses losses, String label, int batch) implements SearchStrategy {

    /** Computes the predicted losses, {@code [dimension][choice]}. */
    @FunctionalInterface
    public interface Losses {
        double[][] compute();
    }

    private static final AbsSearch AFTERWARDS = new AbsSearch();
    private static final ObjectMapper JSON = new ObjectMapper();

    public KnapsackSearch {
        if (batch < 2) {
            throw new IllegalArgumentException("a knapsack search measures at least 2 places a round, not " + batch);
        }
    }

    public KnapsackSearch(Losses losses, String label) {
        this(losses, label, 6);
    }

    @Override
    public String name() {
        return label + " batch=" + batch + ", then " + AFTERWARDS.name();
    }

    @Override
    public String prepare(Problem problem, RandomGenerator random) {
        try {
            return JSON.writeValueAsString(losses.compute());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("losses are plain numbers", e);
        }
    }

    private static double[][] read(String prepared) {
        try {
            return JSON.readValue(prepared, double[][].class);
        } catch (JsonProcessingException e) {
            throw new StudyException("the study's losses are not numbers: " + e.getOriginalMessage());
        }
    }

    @Override
    public List<List<Integer>> propose(
            Problem problem, String prepared, List<Trial> finished, int round, RandomGenerator random) {
        List<List<Integer>> front = front(problem, read(prepared));
        List<List<Integer>> places =
                problem.objective() == Objective.DROP ? leastLoss(front, finished, round) : between(front, finished);
        return places.isEmpty() ? AFTERWARDS.propose(problem, "", finished, round, random) : places;
    }

    /** The unseen ones among the last places: where cost is only bounded, two rounds of those of least predicted loss. */
    private List<List<Integer>> leastLoss(List<List<Integer>> front, List<Trial> finished, int round) {
        Set<List<Integer>> seen = Trial.configurations(finished);
        List<List<Integer>> unseen =
                front.reversed().stream().filter(bits -> !seen.contains(bits)).toList();
        return round > 1 ? List.of() : unseen.subList(0, Math.min(batch, unseen.size()));
    }

    /** Even steps between the dearest place that broke the bounds, below the best that kept them, and that one. */
    private List<List<Integer>> between(List<List<Integer>> front, List<Trial> finished) {
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
        int inside = best - broken - 1;
        int count = Math.min(batch, inside);
        List<List<Integer>> places = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            places.add(front.get(broken + 1 + (2 * i + 1) * inside / (2 * count)));
        }
        return places;
    }

    /** Configurations of the knapsack's front that fit the known bounds, by ascending cost. */
    private static List<List<Integer>> front(Problem problem, double[][] losses) {
        SearchSpace space = problem.space();
        List<Integer> widest = space.uniform().getLast();
        List<List<Knapsack.Option>> options = new ArrayList<>();
        for (int i = 0; i < widest.size(); i++) {
            List<Knapsack.Option> ofDimension = new ArrayList<>();
            List<Integer> choices = space.dimensions().get(i).choices();
            for (int c = 0; c < choices.size(); c++) {
                List<Integer> bits = new ArrayList<>(widest);
                bits.set(i, choices.get(c));
                ofDimension.add(new Knapsack.Option(cost(problem, bits), losses[i][c]));
            }
            options.add(ofDimension);
        }
        return Knapsack.front(options).stream()
                .map(point -> configuration(space, point))
                .filter(problem::fits)
                .toList();
    }

    /** The objective where it is known, else how far the bounds are filled. */
    private static double cost(Problem problem, List<Integer> bits) {
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
