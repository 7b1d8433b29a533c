package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
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
        Oracle oracle = new Oracle(PROBLEM, trials, 2);
        double best = trials.stream()
                .filter(Trial::feasible)
                .map(PROBLEM::measured)
                .min(Comparator.naturalOrder())
                .orElseThrow();
        assertThat(oracle.best()).isEqualTo(best);

        Oracle.Outcome abs = run(oracle, new AbsSearch());
        Oracle.Outcome random = run(oracle, new RandomSearch());
        assertThat(abs.trialsToBest()).isPositive();
        assertThat(abs.regret()).isBetween(0.0, random.regret());
        assertThat(random.trialsToBest() == null || random.trialsToBest() >= abs.trialsToBest())
                .isTrue();
    }

    private static Oracle.Outcome run(Oracle oracle, SearchStrategy strategy) {
        return oracle.run(strategy, oracle.prepare(strategy, 1), 1);
    }

    private static Trial ofThreeSeconds(Trial trial) {
        Measurement m = trial.measurement();
        return new Trial(
                trial.number(),
                trial.round(),
                trial.bits(),
                new Measurement(m.validationAccuracy(), m.cost(), m.storedBytes(), 3),
                trial.feasible());
    }

    /** Proposes the best at once, and then goes on slowly for as long as it is asked. */
    @Test
    void secondsCountNothingAfterTheBestWasFound() {
        List<Trial> trials =
                everything().stream().map(OracleTest::ofThreeSeconds).toList();
        Oracle oracle = new Oracle(PROBLEM, trials, 2);
        List<Integer> best = trials.stream()
                .filter(Trial::feasible)
                .min(Comparator.comparingDouble(PROBLEM::measured))
                .orElseThrow()
                .bits();
        int[] rounds = {0};
        double[] later = {0};
        SearchStrategy slow = new SearchStrategy() {
            @Override
            public String name() {
                return "slow";
            }

            @Override
            public String prepare(Problem problem, RandomGenerator random) {
                throw new AssertionError("it was prepared before");
            }

            @Override
            public List<List<Integer>> propose(
                    Problem problem, String prepared, List<Trial> finished, int round, RandomGenerator random) {
                assertThat(prepared).isEqualTo("kept");
                rounds[0]++;
                if (round == 0) {
                    return List.of(best);
                }
                long start = System.nanoTime();
                LockSupport.parkNanos(20_000_000);
                later[0] += (System.nanoTime() - start) / 1e9;
                return new RandomSearch().propose(problem, "", finished, round, random);
            }
        };
        long start = System.nanoTime();
        Oracle.Outcome outcome = oracle.run(slow, new Oracle.Prepared("kept", 100), 1);
        double whole = (System.nanoTime() - start) / 1e9;
        assertThat(outcome.trialsToBest()).isEqualTo(1);
        assertThat(outcome.regret()).isZero();
        assertThat(outcome.preparationSeconds()).isEqualTo(100);
        // Half of its trial, since another was measured beside it, and its first round, not those after it.
        assertThat(outcome.secondsToBest()).isBetween(101.5, 101.5 + whole - later[0]);
        // A twentieth of the space in rounds of 20, and not its quarter.
        assertThat(rounds[0]).isLessThanOrEqualTo(2 + trials.size() / 20 / 20);
    }

    @Test
    void aStudyThatLacksConfigurationsIsNoOracle() {
        List<Trial> trials = everything();
        assertThatThrownBy(() -> new Oracle(PROBLEM, trials.subList(1, trials.size()), 2))
                .isInstanceOf(StudyException.class)
                .hasMessageContaining("lacks 1 of " + trials.size());
    }

    @Test
    void aStudyWithoutLatenciesTellsOfNone() {
        List<Trial> untimed = everything().stream()
                .map(trial -> {
                    Measurement m = trial.measurement();
                    Cost cost = new Cost(m.cost().bytes(), m.cost().innerBytes(), Double.NaN);
                    Measurement without = new Measurement(m.validationAccuracy(), cost, m.storedBytes(), m.seconds());
                    return new Trial(trial.number(), trial.round(), trial.bits(), without, trial.feasible());
                })
                .toList();
        assertThat(new Oracle(PROBLEM, untimed, 2).size()).isEqualTo(untimed.size());
        Bounds bounds = new Bounds(0.5, Long.MAX_VALUE, Long.MAX_VALUE, 1);
        for (Problem timed : List.of(
                NETWORK.problem(Objective.LATENCY, PROBLEM.constraint()),
                NETWORK.problem(Objective.ALL, new Constraint(bounds, SyntheticNetwork.FP32)))) {
            assertThatThrownBy(() -> new Oracle(timed, untimed, 2))
                    .isInstanceOf(StudyException.class)
                    .hasMessageContaining("the study has no latencies");
        }
    }

    @Test
    void spacesThatAreTooLargeAreRefused() {
        Problem large = new SyntheticNetwork(9, 5).problem();
        assertThatThrownBy(() -> new ExhaustiveSearch().propose(large, "", List.of(), 0, new SplittableRandom(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("give fewer widths");
    }
}
