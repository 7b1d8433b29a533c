package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class OracleTest {

    private static final SyntheticNetwork NETWORK = new SyntheticNetwork(4, 5);
    private static final Problem PROBLEM = NETWORK.problem();

    private static List<Trial> everything() {
        int all = (int) PROBLEM.space().size();
        return Search.run(
                        PROBLEM,
                        new ExhaustiveSearch(),
                        NETWORK,
                        Study.inMemory(),
                        new SearchSettings(all, 0, 1),
                        SearchListener.NONE)
                .trials();
    }

    @Test
    void strategiesAreJudgedByTheBestThereIs() {
        List<Trial> trials = everything();
        assertThat(trials).hasSize((int) PROBLEM.space().size());
        assertThat(trials.stream().map(Trial::bits)).doesNotHaveDuplicates();
        Oracle oracle = new Oracle(PROBLEM, trials);
        double best = trials.stream()
                .filter(Trial::feasible)
                .map(PROBLEM::measured)
                .min(Comparator.naturalOrder())
                .orElseThrow();
        assertThat(oracle.best()).isEqualTo(best);

        Oracle.Outcome abs = oracle.run(new AbsSearch(), 1);
        Oracle.Outcome random = oracle.run(new RandomSearch(), 1);
        assertThat(abs.trialsToBest()).isPositive();
        assertThat(abs.regret()).isBetween(0.0, random.regret());
        assertThat(random.trialsToBest() == null || random.trialsToBest() >= abs.trialsToBest())
                .isTrue();
    }

    @Test
    void aStudyThatLacksConfigurationsIsNoOracle() {
        List<Trial> trials = everything();
        assertThatThrownBy(() -> new Oracle(PROBLEM, trials.subList(1, trials.size())))
                .isInstanceOf(StudyException.class)
                .hasMessageContaining("lacks 1 of " + trials.size());
    }

    @Test
    void spacesThatAreTooLargeAreRefused() {
        Problem large = new SyntheticNetwork(9, 5).problem();
        assertThatThrownBy(() -> new ExhaustiveSearch().propose(large, "", List.of(), 0, new SplittableRandom(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("give fewer widths");
    }
}
