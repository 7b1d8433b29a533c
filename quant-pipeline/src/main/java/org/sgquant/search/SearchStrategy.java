package org.sgquant.search;

import java.util.List;
import java.util.random.RandomGenerator;

/** Chooses what to measure next, round by round. */
public interface SearchStrategy {

    /** Name and every setting that changes the proposals; a study refuses to go on under another one. */
    String name();

    /**
     * What {@link #propose} needs beside trials, such as measured sensitivities or a trained controller, as JSON; empty
     * where that is nothing.
     *
     * <p>Asked once for a study: one worker computes it while the others wait (if that one dies, another starts over), the
     * study keeps it, and every worker and every resumed run reads it.
     *
     * @param random seeded by the search's seed
     */
    default String prepare(Problem problem, RandomGenerator random) {
        return "";
    }

    /**
     * Configurations of round {@code round}: distinct, unseen, within the known bounds ({@link Problem#fits}), at least
     * one unless nothing is left worth measuring.
     *
     * <p>A pure function of its arguments: a search that was killed asks again, and so does every worker, and all must get
     * the same round.
     *
     * @param prepared what {@link #prepare} gave
     * @param finished all trials of the rounds before, by number
     * @param random seeded by (search seed, round)
     */
    List<List<Integer>> propose(
            Problem problem, String prepared, List<Trial> finished, int round, RandomGenerator random);
}
