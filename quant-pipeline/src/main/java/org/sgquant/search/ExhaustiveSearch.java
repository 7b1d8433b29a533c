package org.sgquant.search;

import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Every configuration within the known bounds, in the order of the space: the oracle that other strategies are judged by. */
public final class ExhaustiveSearch implements SearchStrategy {

    private static final int BATCH = 100;

    @Override
    public String name() {
        return "exhaustive";
    }

    /** @throws IllegalArgumentException if {@code space} is too large to be listed */
    public static void requireListable(SearchSpace space) {
        if (!space.isListable()) {
            throw new IllegalArgumentException("strategy exhaustive: the space has " + space.size()
                    + " configurations, at most " + SearchSpace.LISTABLE
                    + " can all be measured; give fewer widths or choose another strategy");
        }
    }

    @Override
    public List<List<Integer>> propose(
            Problem problem, String prepared, List<Trial> finished, int round, RandomGenerator random) {
        requireListable(problem.space());
        Set<List<Integer>> seen = Trial.configurations(finished);
        return problem.space().list().stream()
                .filter(bits -> !seen.contains(bits) && problem.fits(bits))
                .limit(BATCH)
                .toList();
    }
}
