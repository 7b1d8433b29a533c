package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SearchTest {

    private static final Constraint HALF_POINT = new Constraint(0.5, SyntheticNetwork.FP32);

    private final SyntheticNetwork network = new SyntheticNetwork(6, 1);

    @Test
    void threadsChangeNothing() {
        try (Study one = Study.inMemory();
                Study four = Study.inMemory()) {
            TrialRunner uneven = bits -> {
                LockSupport.parkNanos(bits.hashCode() & 0xfffff);
                return network.measure(bits);
            };
            assertThat(run(four, uneven, 70, 4)).isEqualTo(run(one, network, 70, 1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 19, 20, 33, 59})
    void goesOnAfterAFailureWithoutRepeatingATrial(int failAt) {
        try (Study study = Study.inMemory();
                Study whole = Study.inMemory()) {
            AtomicInteger calls = new AtomicInteger();
            TrialRunner failing = bits -> {
                if (calls.getAndIncrement() == failAt) {
                    throw new IllegalArgumentException("out of memory at " + bits);
                }
                return network.measure(bits);
            };
            assertThatThrownBy(() -> run(study, failing, 60, 2))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("out of memory at");
            int kept = study.trials().size();
            // The other thread goes on until it is told to stop, at most to the end of the round.
            assertThat(kept).isBetween(failAt, failAt / 20 * 20 + 19);
            calls.set(failAt + 1);
            SearchResult resumed = run(study, failing, 60, 2);
            assertThat(calls.get() - failAt - 1).isEqualTo(60 - kept);
            assertThat(resumed).isEqualTo(run(whole, network, 60, 1));
        }
    }

    @Test
    void moreTrialsMayBeAskedForLater() {
        try (Study study = Study.inMemory();
                Study whole = Study.inMemory()) {
            assertThat(run(study, network, 30, 1).trials()).hasSize(30);
            assertThat(run(study, network, 90, 2)).isEqualTo(run(whole, network, 90, 1));
            assertThat(run(study, network, 30, 1).trials())
                    .as("fewer trials read back what was measured")
                    .isEqualTo(whole.trials().subList(0, 30));
        }
    }

    @Test
    void numbersAreThePlacesAndTheListenerSeesEveryTrialOnce() {
        try (Study study = Study.inMemory()) {
            List<Integer> seen = new ArrayList<>();
            List<Integer> finished = new ArrayList<>();
            SearchResult result = Search.run(
                    network.problem(),
                    new RandomSearch(),
                    network,
                    study,
                    new SearchSettings(45, 3, 3),
                    (trial, done, total) -> {
                        seen.add(trial.number());
                        finished.add(done);
                        assertThat(total).isEqualTo(45);
                        assertThat(study.trials()).contains(trial);
                    });
            assertThat(seen).hasSize(45).doesNotHaveDuplicates();
            assertThat(finished).isSorted().last().isEqualTo(45);
            for (int n = 0; n < 45; n++) {
                assertThat(result.trials().get(n).number()).isEqualTo(n);
                assertThat(result.trials().get(n).round()).isEqualTo(n / 20);
            }
        }
    }

    @Test
    void interruptionKeepsFinishedTrials() {
        try (Study study = Study.inMemory();
                Study whole = Study.inMemory()) {
            Thread self = Thread.currentThread();
            AtomicInteger calls = new AtomicInteger();
            TrialRunner interrupting = bits -> {
                if (calls.incrementAndGet() == 25) {
                    self.interrupt();
                }
                return network.measure(bits);
            };
            assertThatThrownBy(() -> run(study, interrupting, 60, 1)).isInstanceOf(CancellationException.class);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(study.trials()).hasSizeBetween(24, 59);
            assertThat(run(study, network, 60, 1)).isEqualTo(run(whole, network, 60, 1));
        }
    }

    @Test
    void anInterruptionBeforeTrialsThatHaveEndedIsNotOverlooked() {
        try (Study study = Study.inMemory()) {
            run(study, network, 20, 1);
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> run(study, network, 20, 1)).isInstanceOf(CancellationException.class);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(study.trials()).hasSize(20);
        }
    }

    @Test
    void aSearchThatEndsBeforeItsGoalLeavesACompleteStudy() {
        SyntheticNetwork small = new SyntheticNetwork(2, 1);
        Bounds loose = Bounds.drop(100);
        Problem problem = small.problem(Objective.ALL, new Constraint(loose, SyntheticNetwork.FP32));
        int all = SyntheticNetwork.WIDTHS.size() * SyntheticNetwork.WIDTHS.size();
        try (Study study = Study.inMemory()) {
            for (int trials : List.of(all - 1, 1000, all - 1)) {
                Search.run(
                        problem,
                        new ExhaustiveSearch(),
                        small,
                        study,
                        new SearchSettings(trials, 0, 2),
                        SearchListener.NONE);
                assertThat(StudyStatus.of(study).isComplete()).isTrue();
                assertThat(study.asked()).hasValue(Math.min(trials, all));
                assertThat(StudyStatus.of(study).finished()).isEqualTo(Math.min(trials, all));
            }
        }
    }

    @Test
    void aSearchThatCanMeasureNothingIsOver() {
        Bounds none = new Bounds(100, 1, Long.MAX_VALUE, Double.POSITIVE_INFINITY);
        Problem problem = network.problem(Objective.ALL, new Constraint(none, SyntheticNetwork.FP32));
        try (Study study = Study.inMemory()) {
            assertThat(StudyStatus.of(study).isComplete()).isFalse();
            assertThat(StudyStatus.of(study).text()).contains("trials   0 of ?");
            SearchSettings settings = new SearchSettings(9, 0, 1);
            assertThatThrownBy(() ->
                            Search.run(problem, new RandomSearch(), network, study, settings, SearchListener.NONE))
                    .hasMessageContaining("no configuration of this space is within the bounds");
            assertThat(StudyStatus.of(study).isComplete()).isTrue();
            assertThat(StudyStatus.of(study).text()).contains("trials   0 of 0");
        }
    }

    @Test
    void aCostFunctionThatDisagreesWithTheMeasurementIsAnError() {
        try (Study study = Study.inMemory()) {
            TrialRunner wrong = bits -> new Measurement(80, new Cost(network.bytes(bits) + 1, 0, Double.NaN), 0, 0);
            assertThatThrownBy(() -> run(study, wrong, 60, 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("the cost function says");
        }
    }

    @Test
    void whatAStrategyPreparesIsMadeOnceAndGivenToEveryRound() {
        AtomicInteger prepared = new AtomicInteger();
        List<String> given = new ArrayList<>();
        SearchStrategy strategy = new SearchStrategy() {
            @Override
            public String name() {
                return "prepared";
            }

            @Override
            public String prepare(Problem problem, RandomGenerator random) {
                return "{\"call\": " + prepared.incrementAndGet() + ", \"draw\": " + random.nextInt(1000) + "}";
            }

            @Override
            public List<List<Integer>> propose(
                    Problem problem, String knowledge, List<Trial> finished, int round, RandomGenerator random) {
                given.add(knowledge);
                return new RandomSearch().propose(problem, knowledge, finished, round, random);
            }
        };
        try (Study study = Study.inMemory()) {
            for (int trials : List.of(20, 60)) {
                Search.run(
                        network.problem(),
                        strategy,
                        network,
                        study,
                        new SearchSettings(trials, 0, 2),
                        SearchListener.NONE);
            }
        }
        assertThat(prepared).hasValue(1);
        assertThat(given).hasSize(1 + 3).containsOnly(given.getFirst());
        assertThat(given.getFirst()).startsWith("{\"call\": 1, ");
    }

    /** The clock of a search counts what its strategy prepares, and goes on counting when it is resumed. */
    @Test
    void whenASearchBeganIsNotedBeforeItPrepares() {
        List<String> noted = new ArrayList<>();
        try (Study study = Study.inMemory()) {
            SearchStrategy strategy = new SearchStrategy() {
                @Override
                public String name() {
                    return "noting";
                }

                @Override
                public String prepare(Problem problem, RandomGenerator random) {
                    noted.add(study.header().get(Study.BEGAN));
                    return "";
                }

                @Override
                public List<List<Integer>> propose(
                        Problem problem, String knowledge, List<Trial> finished, int round, RandomGenerator random) {
                    return new RandomSearch().propose(problem, knowledge, finished, round, random);
                }
            };
            for (int trials : List.of(5, 9)) {
                Search.run(
                        network.problem(),
                        strategy,
                        network,
                        study,
                        new SearchSettings(trials, 0, 1),
                        SearchListener.NONE);
                noted.add(study.header().get(Study.BEGAN));
            }
        }
        assertThat(noted).hasSize(3).doesNotContainNull();
        assertThat(noted.stream().distinct()).hasSize(1);
    }

    @Test
    void anotherSeedOrConstraintIsRefused() {
        try (Study study = Study.inMemory()) {
            run(study, network, 20, 1);
            assertThatThrownBy(() -> Search.run(
                            network.problem(Objective.ALL, new Constraint(1, SyntheticNetwork.FP32)),
                            new AbsSearch(),
                            network,
                            study,
                            new SearchSettings(20, 5, 1),
                            SearchListener.NONE))
                    .isInstanceOf(StudyException.class)
                    .hasMessage(
                            "study in memory: the study belongs to another search: search.bounds is 'drop 0.5' in the"
                                    + " study and 'drop 1.0' now, search.seed is '0' in the study and '5' now");
        }
    }

    @Test
    void curveAndBestFollowTheFeasibleTrials() {
        Problem problem = network.problem();
        SearchResult result = SearchResult.of(
                problem,
                List.of(
                        trial(0, 70, 5),
                        trial(1, 80.5, 30),
                        trial(2, 80.8, 40),
                        trial(3, 80.6, 20),
                        trial(4, 80.9, 20)));
        assertThat(result.bestFeasible(problem)).containsExactly(Double.POSITIVE_INFINITY, 30, 30, 20, 20);
        assertThat(result.best().number()).isEqualTo(4);
        assertThat(SearchResult.of(problem, List.of(trial(0, 70, 5), trial(1, 75, 30)))
                        .best()
                        .number())
                .isEqualTo(1);
    }

    @Test
    void aDropOfExactlyTheLimitIsAllowed() {
        Constraint constraint = new Constraint(0.4, 79.2);
        assertThat(79.2 - 78.8).as("the difference is rounded up").isGreaterThan(0.4);
        assertThat(constraint.allows(measurement(78.8))).isTrue();
        assertThat(constraint.allows(measurement(78.6))).isFalse();
        assertThatThrownBy(() -> measurement(Double.NaN)).hasMessage("validation accuracy is NaN");
    }

    private static Trial trial(int number, double accuracy, long bytes) {
        Measurement measurement = new Measurement(accuracy, new Cost(bytes, bytes, Double.NaN), bytes, 0);
        return new Trial(number, 0, List.of(number), measurement, HALF_POINT.allows(measurement));
    }

    private static Measurement measurement(double accuracy) {
        return new Measurement(accuracy, new Cost(1, 1, Double.NaN), 1, 0);
    }

    private SearchResult run(Study study, TrialRunner runner, int trials, int threads) {
        return Search.run(
                network.problem(),
                new AbsSearch(),
                runner,
                study,
                new SearchSettings(trials, 0, threads),
                SearchListener.NONE);
    }
}
