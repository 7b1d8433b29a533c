package org.sgquant.search;

import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/** The baseline: unseen configurations, uniform over the space. */
public final class RandomSearch implements SearchStrategy {

    private static final int BATCH = 20;

    @Override
    public String name() {
        return "random";
    }

    @Override
    public List<List<Integer>> propose(
            SearchSpace space,
            List<Trial> finished,
            int round,
            CostFunction cost,
            Constraint constraint,
            RandomGenerator random) {
        Set<List<Integer>> seen = finished.stream().map(Trial::bits).collect(Collectors.toSet());
        return space.unseen(random, BATCH, seen);
    }
}
