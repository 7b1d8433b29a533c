package org.sgquant.search;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A policy trained beforehand: first what it chose, then along the {@link LossFront} of the losses that its training saw,
 * which the trials scale: training tells cells apart better than it tells by how much a configuration drops.
 */
public final class PolicySearch implements SearchStrategy {

    /** How a policy comes to its choices. */
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
     * @param choices configurations that the policy chose, in an order that tells neighbours
     * @param losses of every choice, {@code [dimension][choice]}, in any unit; an empty row where nothing is known
     */
    public record Learned(
            @JsonProperty(required = true) List<List<Integer>> choices,
            @JsonProperty(required = true) double[][] losses,
            @JsonProperty(required = true) List<Step> steps) {}

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Training training;
    private final LossFront.Last front = new LossFront.Last();

    public PolicySearch(Training training) {
        this.training = training;
    }

    @Override
    public String name() {
        return training.name() + " " + LossFront.describe();
    }

    @Override
    public String prepare(Problem problem, RandomGenerator random) {
        try {
            return JSON.writeValueAsString(training.train(problem, random));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a policy is plain numbers", e);
        }
    }

    @Override
    public List<List<Integer>> propose(
            Problem problem, String prepared, List<Trial> finished, int round, RandomGenerator random) {
        if (round == 0) {
            List<List<Integer>> fitting = read(prepared).choices().stream()
                    .distinct()
                    .filter(bits -> problem.space().contains(bits) && problem.fits(bits))
                    .toList();
            if (!fitting.isEmpty()) {
                return LossFront.spread(fitting, LossFront.BATCH);
            }
        }
        return front.of(problem, prepared, text -> read(text).losses()).propose(finished, round, random);
    }

    private static Learned read(String prepared) {
        try {
            return JSON.readValue(prepared, Learned.class);
        } catch (JsonProcessingException e) {
            throw new StudyException("the study's policy is not one: " + e.getOriginalMessage());
        }
    }
}
