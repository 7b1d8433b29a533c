package org.sgquant.search;

import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/** The baseline: unseen configurations within the known bounds, uniform over the space where there are none. */
public final class RandomSearch implements SearchStrategy {

    private static final int BATCH = 20;

    @Override
    public String name() {
        return "random";
    }

    @Override
    public List<List<Integer>> propose(
            Problem problem, String prepared, List<Trial> finished, int round, RandomGenerator random) {
        Set<List<Integer>> seen = Trial.configurations(finished);
        return problem.space().unseen(random, BATCH, seen, problem::fits);
    }
}
