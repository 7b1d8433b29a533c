package org.sgquant.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.DoubleStream;

/**
 * A policy trained beforehand, then the configurations that it holds most probable: first its choice and the neighbours
 * that it nearly chose, then the most probable ones that cost less than the best that kept the bounds, or, as long as none
 * did, more than any that was measured; from there {@link AbsSearch} goes on from all that was measured.
 *
 * @param training trains the policy when the search begins
 * @param batch configurations measured in a round of the policy
 */
public record PolicySearch(Training training, int batch) implements SearchStrategy {

    /** How a policy comes to its logits. */
    public interface Training {

        /** What it is and every setting, part of the study's identity. */
        String name();

        Learned train(Problem problem, RandomGenerator random);
    }

    /**
     * A step of the training.
     *
     * @param entropy of the policy, nats, summed over dimensions
     * @param reward mean over the step's samples
     */
    public record Step(double entropy, double reward) {}

    /**
     * What the training came to.
     *
     * @param logits {@code [dimension][choice]}
     */
    public record Learned(double[][] logits, List<Step> steps) {}

    /** Rounds of the policy where a bound is kept early. */
    private static final int ROUNDS = 2;

    /** Rounds of the policy at most, for one whose idea of the drop is too hopeful. */
    private static final int MOST_ROUNDS = 5;

    private static final AbsSearch AFTERWARDS = new AbsSearch();
    private static final ObjectMapper JSON = new ObjectMapper();

    public PolicySearch {
        if (batch < 1) {
            throw new IllegalArgumentException("a policy search measures at least 1 place a round, not " + batch);
        }
    }

    public PolicySearch(Training training) {
        this(training, 6);
    }

    @Override
    public String name() {
        return training.name() + " batch=" + batch + ", then " + AFTERWARDS.name();
    }

    @Override
    public String prepare(Problem problem, RandomGenerator random) {
        try {
            return JSON.writeValueAsString(training.train(problem, random));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a policy is plain numbers", e);
        }
    }

    private static Policy read(SearchSpace space, String prepared) {
        try {
            return new Policy(space, JSON.readValue(prepared, Learned.class).logits());
        } catch (JsonProcessingException e) {
            throw new StudyException("the study's policy is not one: " + e.getOriginalMessage());
        } catch (IllegalArgumentException e) {
            throw new StudyException("the study's policy is not one of its space: " + e.getMessage());
        }
    }

    @Override
    public List<List<Integer>> propose(
            Problem problem, String prepared, List<Trial> finished, int round, RandomGenerator random) {
        boolean kept = finished.stream().anyMatch(Trial::feasible);
        List<List<Integer>> probable = round < (kept ? ROUNDS : MOST_ROUNDS)
                ? mostProbable(problem, read(problem.space(), prepared), finished, kept)
                : List.of();
        return probable.isEmpty() ? AFTERWARDS.propose(problem, "", finished, round, random) : probable;
    }

    private List<List<Integer>> mostProbable(Problem problem, Policy policy, List<Trial> finished, boolean kept) {
        Set<List<Integer>> seen = Trial.configurations(finished);
        if (problem.objective() == Objective.DROP) {
            return policy.mostProbable(batch, bits -> !seen.contains(bits) && problem.fits(bits));
        }
        DoubleStream costs = finished.stream()
                .filter(trial -> !kept || trial.feasible())
                .mapToDouble(trial -> problem.known(trial.bits()));
        double less = kept ? costs.min().orElseThrow() : Double.POSITIVE_INFINITY;
        double more = kept ? Double.NEGATIVE_INFINITY : costs.max().orElse(Double.NEGATIVE_INFINITY);
        return policy.mostProbable(
                batch,
                bits -> !seen.contains(bits)
                        && problem.known(bits) < less
                        && problem.known(bits) > more
                        && problem.fits(bits));
    }
}
