package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PolicySearchTest {

    private static final int TRIALS = 40;

    /** Shared weights that know the network, as one measurement each tells it. */
    private static PolicySearch strategy(SyntheticNetwork network) {
        double widest = network.trueAccuracy(network.space().uniform().getLast());
        return new PolicySearch(new Controller(
                work -> work.accept(sampled -> sampled.stream()
                        .mapToDouble(bits -> widest - network.measure(bits).validationAccuracy())
                        .toArray()),
                Controller.Settings.DEFAULT));
    }

    private static Problem withBytes(SyntheticNetwork network, Objective objective) {
        long most = network.bytes(network.space().uniform().get(3));
        Bounds bounds = new Bounds(0.5, most, Long.MAX_VALUE, Double.POSITIVE_INFINITY);
        return network.problem(objective, new Constraint(bounds, SyntheticNetwork.FP32));
    }

    /** Bytes of the best that kept the bounds, as a share of the widest; 1 where none did. */
    private static double found(SyntheticNetwork network, SearchStrategy strategy, long seed) {
        SearchResult result = Search.run(
                network.problem(),
                strategy,
                network,
                Study.inMemory(),
                new SearchSettings(TRIALS, seed, 1),
                SearchListener.NONE);
        return result.best().feasible()
                ? (double) result.best().measurement().cost().bytes()
                        / network.bytes(network.space().uniform().getLast())
                : 1;
    }

    @Test
    void aTrainedPolicyFindsFewerBytesThanRandom() {
        double controller = 0;
        double random = 0;
        for (int seed = 0; seed < 3; seed++) {
            SyntheticNetwork network = new SyntheticNetwork(8, 100 + seed);
            controller += found(network, strategy(network), seed) / 3;
            random += found(network, new RandomSearch(), seed) / 3;
        }
        System.out.printf(
                "bytes found in %d trials: controller %.3f, random %.3f of uniform 8%n", TRIALS, controller, random);
        assertThat(controller).isLessThan(0.9 * random);
    }

    @Test
    void rewardsFollowTheObjectiveAndItsBounds() {
        SyntheticNetwork network = new SyntheticNetwork(4, 7);
        Controller controller = new Controller(work -> {}, new Controller.Settings(9, 1, 2, 0.05, 0.1, 0.3, 2));
        List<Integer> widest = network.space().uniform().getLast();
        List<Integer> narrow = network.space().uniform().getFirst();
        double share = (double) network.bytes(narrow) / network.bytes(widest);
        assertThat(controller.reward(network.problem(), narrow, 0.2)).isCloseTo(-share, within(1e-12));
        assertThat(controller.reward(network.problem(), narrow, 2.5)).isCloseTo(-share - Math.log(1.6), within(1e-12));
        Problem bounded = withBytes(network, Objective.DROP);
        double excess = 2 * bounded.excess(widest);
        assertThat(excess).isPositive();
        assertThat(controller.reward(bounded, narrow, 0.2)).isCloseTo(-Math.log(1.06), within(1e-12));
        assertThat(controller.reward(bounded, widest, -1)).isCloseTo(Math.log(1.3) - excess, within(1e-12));
    }

    @Test
    void thePenaltyGrowsFromTheWarmUpOnToTheLastStep() {
        Controller.Settings settings = new Controller.Settings(101, 20, 2, 0.05, 0.4, 0.3, 1);
        assertThat(settings.entropyPenalty(0)).isZero();
        assertThat(settings.entropyPenalty(20)).isZero();
        assertThat(settings.entropyPenalty(60)).isCloseTo(0.2, within(1e-12));
        assertThat(settings.entropyPenalty(100)).isCloseTo(0.4, within(1e-12));
    }

    @Test
    void trainsTheSameFromTheSameSeedAndTellsOfEveryStep() throws Exception {
        SyntheticNetwork network = new SyntheticNetwork(6, 3);
        String prepared = strategy(network).prepare(network.problem(), new SplittableRandom(1));
        assertThat(strategy(network).prepare(network.problem(), new SplittableRandom(1)))
                .isEqualTo(prepared);
        assertThat(strategy(network).prepare(network.problem(), new SplittableRandom(2)))
                .isNotEqualTo(prepared);
        JsonNode steps = new ObjectMapper().readTree(prepared).get("steps");
        Controller.Settings settings = Controller.Settings.DEFAULT;
        assertThat(steps).hasSize(settings.steps());
        double first = steps.get(0).get("entropy").asDouble();
        assertThat(first).isCloseTo(6 * Math.log(7), within(1e-9));
        assertThat(steps.get(settings.warmUp() - 1).get("entropy").asDouble()).isEqualTo(first);
        assertThat(steps.get(settings.steps() - 1).get("entropy").asDouble()).isLessThan(0.7 * first);
    }

    @Test
    void proposesTheSameRoundAgainAndKeepsKnownBounds() {
        SyntheticNetwork network = new SyntheticNetwork(6, 3);
        for (Objective objective : List.of(Objective.ALL, Objective.DROP)) {
            Problem problem = withBytes(network, objective);
            PolicySearch strategy = strategy(network);
            assertThat(Proposals.assertSound(strategy, problem, network, 6)).hasSizeGreaterThan(20);
        }
    }

    /** Shared weights that take every drop for a third of what it is: the trials say so. */
    @Test
    void aHopefulEstimateIsCorrectedByTrials() {
        SyntheticNetwork network = new SyntheticNetwork(8, 101);
        double widest = network.trueAccuracy(network.space().uniform().getLast());
        PolicySearch hopeful = new PolicySearch(new Controller(
                work -> work.accept(sampled -> sampled.stream()
                        .mapToDouble(bits -> (widest - network.trueAccuracy(bits)) / 3)
                        .toArray()),
                Controller.Settings.DEFAULT));
        double random = found(network, new RandomSearch(), 1);
        double controller = found(network, hopeful, 1);
        System.out.printf("bytes with hopeful estimates: controller %.3f, random %.3f%n", controller, random);
        assertThat(controller).isLessThan(0.9 * random);
    }

    @Test
    void beginsWithPlacesOfWhatThePolicyChose() throws Exception {
        SyntheticNetwork network = new SyntheticNetwork(3, 3);
        List<List<Integer>> path = network.space().list().subList(0, 60);
        double[][] losses = new double[3][SyntheticNetwork.WIDTHS.size()];
        String prepared = new ObjectMapper().writeValueAsString(new PolicySearch.Learned(path, losses, List.of()));
        List<List<Integer>> first =
                strategy(network).propose(network.problem(), prepared, List.of(), 0, new SplittableRandom(1));
        assertThat(first).hasSize(6).containsExactlyElementsOf(LossFront.spread(path, 6));
        assertThat(path.indexOf(first.getLast()) - path.indexOf(first.getFirst()))
                .isEqualTo(50);
    }

    @Test
    void whatIsNoPolicyOfTheSpaceIsRefused() {
        SyntheticNetwork network = new SyntheticNetwork(3, 3);
        for (String prepared : List.of("[1]", "{\"choices\":[],\"losses\":[[1]],\"steps\":[]}")) {
            assertThatThrownBy(() -> strategy(network)
                            .propose(network.problem(), prepared, List.of(), 0, new SplittableRandom(1)))
                    .isInstanceOf(StudyException.class)
                    .hasMessageFindingMatch("policy is not one|losses are not those of its space");
        }
    }
}
