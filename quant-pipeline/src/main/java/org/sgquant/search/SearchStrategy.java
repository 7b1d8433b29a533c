package org.sgquant.search;

import java.util.List;
import java.util.random.RandomGenerator;

/** Chooses what to measure next, round by round. */
public interface SearchStrategy {

    /** Name and every setting that changes the proposals; a study refuses to go on under another one. */
    String name();

    /**
     * Configurations of round {@code round}: distinct, unseen, at least one unless nothing is left worth measuring.
     *
     * <p>A pure function of its arguments: a search that was killed asks again and must get the same round.
     *
     * @param finished all trials of the rounds before, by number
     * @param random seeded by (search seed, round)
     */
    List<List<Integer>> propose(
            SearchSpace space,
            List<Trial> finished,
            int round,
            CostFunction cost,
            Constraint constraint,
            RandomGenerator random);
}
