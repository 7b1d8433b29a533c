package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** What every strategy owes a search in every round, however it chooses. */
final class Proposals {

    private Proposals() {}

    /**
     * The trials of {@code rounds} rounds, each asked for twice: proposals are the same again, distinct, unseen and within
     * the known bounds.
     */
    static List<Trial> assertSound(SearchStrategy strategy, Problem problem, TrialRunner runner, int rounds) {
        String prepared = strategy.prepare(problem, new SplittableRandom(1));
        List<Trial> trials = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            List<List<Integer>> proposed =
                    strategy.propose(problem, prepared, trials, round, new SplittableRandom(round));
            assertThat(strategy.propose(problem, prepared, trials, round, new SplittableRandom(round)))
                    .isEqualTo(proposed);
            assertThat(proposed).doesNotHaveDuplicates().allMatch(problem::fits);
            assertThat(trials.stream().map(Trial::bits)).doesNotContainAnyElementsOf(proposed);
            for (List<Integer> bits : proposed) {
                Measurement m = runner.measure(bits);
                trials.add(new Trial(
                        trials.size(), round, bits, m, problem.constraint().allows(m)));
            }
        }
        return trials;
    }
}
