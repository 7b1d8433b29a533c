package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.search.SearchSpace.Dimension;

class AbsSearchTest {

    private static final int SEEDS = 5;
    private static final Constraint HALF_POINT = new Constraint(0.5, SyntheticNetwork.FP32);

    /** Random search that is handed the uniform configurations first, as ABS is: a harder baseline. */
    private static final SearchStrategy UNIFORM_THEN_RANDOM = new SearchStrategy() {
        @Override
        public String name() {
            return "uniform, then random";
        }

        @Override
        public List<List<Integer>> propose(
                Problem problem, String prepared, List<Trial> finished, int round, RandomGenerator random) {
            return round == 0
                    ? problem.space().uniform()
                    : new RandomSearch().propose(problem, prepared, finished, round, random);
        }
    };

    @ParameterizedTest
    @CsvSource({"5, 0.95", "8, 0.85", "14, 0.85"})
    void findsFewerBytesThanRandomSearchWithEqualTrials(int cells, double margin) {
        double abs = 0;
        double random = 0;
        double uniformThenRandom = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            SyntheticNetwork network = new SyntheticNetwork(cells, 100 + seed);
            double ours = bytesFound(network, new AbsSearch(), seed);
            double baseline = bytesFound(network, new RandomSearch(), seed);
            assertThat(ours).as("cells %d, seed %d", cells, seed).isLessThanOrEqualTo(baseline);
            abs += ours / SEEDS;
            random += baseline / SEEDS;
            uniformThenRandom += bytesFound(network, UNIFORM_THEN_RANDOM, seed) / SEEDS;
        }
        System.out.printf(
                "%d cells, bytes found / bytes at uniform 8: ABS %.3f, random %.3f, uniform then random %.3f%n",
                cells, abs, random, uniformThenRandom);
        assertThat(abs).isLessThan(margin * random);
        assertThat(abs).isLessThan(margin * uniformThenRandom);
    }

    /** Least feasible bytes over those of uniform 8 bits; 1 where nothing cheaper was found. */
    private static double bytesFound(SyntheticNetwork network, SearchStrategy strategy, long seed) {
        try (Study study = Study.inMemory()) {
            SearchResult result = Search.run(
                    network.problem(), strategy, network, study, new SearchSettings(120, seed, 1), SearchListener.NONE);
            assertThat(result.trials()).hasSizeLessThanOrEqualTo(120);
            double[] curve = result.bestFeasible(network.problem());
            double uniform = network.bytes(network.space().uniform().getLast());
            return Math.min(1, curve[curve.length - 1] / uniform);
        }
    }

    @Test
    void nearlyFindsTheOptimumOfASmallSpace() {
        for (int seed = 0; seed < SEEDS; seed++) {
            SyntheticNetwork network = new SyntheticNetwork(4, 200 + seed);
            long optimum =
                    network.space().unseen(new SplittableRandom(0), Integer.MAX_VALUE, Set.of(), bits -> true).stream()
                            .filter(bits -> HALF_POINT.allows(network.measure(bits)))
                            .mapToLong(network::bytes)
                            .min()
                            .orElseThrow();
            double uniform = network.bytes(network.space().uniform().getLast());
            assertThat(bytesFound(network, new AbsSearch(), seed)).isLessThanOrEqualTo(1.1 * optimum / uniform);
        }
    }

    @Test
    void aForestServesAsWellAsATree() {
        SyntheticNetwork network = new SyntheticNetwork(8, 100);
        double forest = bytesFound(network, new AbsSearch(20, 500, 0.1, 10), 0);
        assertThat(forest).isLessThan(0.8 * bytesFound(network, new RandomSearch(), 0));
    }

    @Test
    void proposesTheSameRoundForTheSameTrialsAndNothingTwice() {
        SyntheticNetwork network = new SyntheticNetwork(14, 3);
        List<Trial> finished = new ArrayList<>();
        for (int round = 0; round < 4; round++) {
            List<List<Integer>> proposed = propose(network, finished, round);
            assertThat(propose(network, finished, round)).isEqualTo(proposed);
            assertThat(proposed).hasSize(20).doesNotHaveDuplicates().allMatch(network.space()::contains);
            assertThat(finished).map(Trial::bits).doesNotContainAnyElementsOf(proposed);
            for (List<Integer> bits : proposed) {
                Measurement measurement = network.measure(bits);
                finished.add(new Trial(finished.size(), round, bits, measurement, HALF_POINT.allows(measurement)));
            }
        }
    }

    private static List<List<Integer>> propose(SyntheticNetwork network, List<Trial> finished, int round) {
        return new AbsSearch()
                .propose(network.problem(), "", List.copyOf(finished), round, new SplittableRandom(round));
    }

    @Test
    void measuresAWholeSpaceIfNothingIsFeasible() {
        SearchSpace space =
                new SearchSpace(List.of(new Dimension("h", List.of(1, 2, 4)), new Dimension("m", List.of(1, 2, 4, 8))));
        CostFunction cost = bits -> bytes(bits.get(0) * 10L + bits.get(1));
        TrialRunner hopeless = bits -> measurement(50 + bits.get(0), cost.of(bits));
        SearchResult result = run(space, hopeless, cost);
        assertThat(result.trials().stream().map(Trial::bits)).hasSize(12).doesNotHaveDuplicates();
        assertThat(result.best().feasible()).isFalse();
        assertThat(result.best().bits()).as("least drop, then fewest bytes").containsExactly(4, 1);
    }

    @Test
    void endsWhenNothingCheaperIsLeft() {
        SearchSpace space = new SearchSpace(List.of(new Dimension("h", SyntheticNetwork.WIDTHS)));
        CostFunction cost = bits -> bytes(bits.getFirst());
        SearchResult result = run(space, bits -> measurement(bits.getFirst() < 4 ? 70 : 81, cost.of(bits)), cost);
        assertThat(result.trials()).hasSize(7);
        assertThat(result.best().bits()).containsExactly(4);
        SearchSpace single = new SearchSpace(List.of(new Dimension("h", List.of(4))));
        assertThat(run(single, bits -> measurement(81, cost.of(bits)), cost).trials())
                .hasSize(1);
    }

    @Test
    void impossibleSettingsAreRefused() {
        assertThatThrownBy(() -> new AbsSearch(0, 100, 0.1, 1)).hasMessageContaining("batch 0");
        assertThatThrownBy(() -> new AbsSearch(1, 100, Double.NaN, 1)).hasMessageContaining("exploration NaN");
    }

    private static SearchResult run(SearchSpace space, TrialRunner runner, CostFunction cost) {
        try (Study study = Study.inMemory()) {
            return Search.run(
                    new Problem(space, cost, Objective.ALL, HALF_POINT),
                    new AbsSearch(5, 100, 0.1, 1),
                    runner,
                    study,
                    SearchSettings.DEFAULT,
                    SearchListener.NONE);
        }
    }

    private static Cost bytes(long bytes) {
        return new Cost(bytes, bytes, Double.NaN);
    }

    private static Measurement measurement(double accuracy, Cost cost) {
        return new Measurement(accuracy, cost, cost.bytes(), 0);
    }
}
