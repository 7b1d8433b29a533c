package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class KnapsackSearchTest {

    private static final int TRIALS = 40;

    /** What each width of each cell alone costs a network: sums of it miss interactions, noise and saturation. */
    private static KnapsackSearch strategy(SyntheticNetwork network) {
        SearchSpace space = network.space();
        List<Integer> widest = space.uniform().getLast();
        return new KnapsackSearch(
                () -> space.dimensions().stream()
                        .map(d -> d.choices().stream()
                                .mapToDouble(width -> {
                                    List<Integer> bits = new ArrayList<>(widest);
                                    bits.set(space.dimensions().indexOf(d), width);
                                    return network.trueAccuracy(widest) - network.trueAccuracy(bits);
                                })
                                .toArray())
                        .toArray(double[][]::new),
                "test");
    }

    private static double found(SyntheticNetwork network, SearchStrategy strategy, long seed) {
        SearchResult result = Search.run(
                network.problem(),
                strategy,
                network,
                Study.inMemory(),
                new SearchSettings(TRIALS, seed, 1),
                SearchListener.NONE);
        assertThat(result.best().feasible()).isTrue();
        return (double) result.best().measurement().cost().bytes()
                / network.bytes(network.space().uniform().getLast());
    }

    @Test
    void sensitivitiesFindFewerBytesThanTheCostModelAlone() {
        double knapsack = 0;
        double abs = 0;
        for (int seed = 0; seed < 5; seed++) {
            SyntheticNetwork network = new SyntheticNetwork(8, 100 + seed);
            knapsack += found(network, strategy(network), seed) / 5;
            abs += found(network, new AbsSearch(), seed) / 5;
        }
        System.out.printf("bytes found in %d trials: knapsack %.3f, ABS %.3f of uniform 8%n", TRIALS, knapsack, abs);
        assertThat(knapsack).isLessThan(abs);
    }

    @Test
    void proposesTheSameRoundAgainAndKeepsKnownBounds() {
        SyntheticNetwork network = new SyntheticNetwork(6, 3);
        long most = network.bytes(network.space().uniform().get(3));
        Bounds bounds = new Bounds(0.5, most, Long.MAX_VALUE, Double.POSITIVE_INFINITY);
        for (Objective objective : List.of(Objective.ALL, Objective.DROP)) {
            Problem problem = network.problem(objective, new Constraint(bounds, SyntheticNetwork.FP32));
            KnapsackSearch strategy = strategy(network);
            assertThat(Proposals.assertSound(strategy, problem, network, 8)).hasSizeGreaterThan(20);
        }
    }

    @Test
    void lossesThatAreNotNumbersAreRefused() {
        SyntheticNetwork network = new SyntheticNetwork(3, 3);
        assertThatThrownBy(() -> strategy(network)
                        .propose(network.problem(), "[[1,\"x\"]]", List.of(), 0, new SplittableRandom(1)))
                .isInstanceOf(StudyException.class)
                .hasMessageContaining("losses are not numbers");
    }
}
