package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DropModelTest {

    private static final SearchSpace SPACE = SearchSpaceTest.space(4, 7);

    private static final double[][] NO_LOSSES = {};

    private static final Cost NOTHING = new Cost(0, 0, Double.NaN);

    private final List<List<Integer>> configurations =
            SPACE.unseen(new SplittableRandom(5), 200, Set.of(), bits -> true);

    @Test
    void penaltyRecoversASumOverCells() {
        ToDoubleFunction<List<Integer>> drop =
                bits -> 6 * Math.pow(4, -bits.get(0)) + 10 * Math.pow(3, -bits.get(1)) + 2.0 / bits.get(2);
        MonotonePenalty penalty = MonotonePenalty.fit(SPACE, configurations, values(drop), 100, NO_LOSSES);
        for (List<Integer> bits : SPACE.unseen(new SplittableRandom(6), 50, Set.of(), bits -> true)) {
            assertThat(penalty.predict(bits)).isCloseTo(drop.applyAsDouble(bits), within(0.25));
        }
    }

    @Test
    void penaltyNeverRisesWithAWidth() {
        SplittableRandom random = new SplittableRandom(7);
        MonotonePenalty penalty =
                MonotonePenalty.fit(SPACE, configurations, values(bits -> random.nextGaussian()), 100, NO_LOSSES);
        for (List<Integer> bits : configurations) {
            for (int i = 0; i < bits.size(); i++) {
                assertThat(penalty.predict(SPACE.step(bits, i, 1))).isLessThanOrEqualTo(penalty.predict(bits) + 1e-12);
            }
        }
    }

    /** Estimates of another unit, a tenth of the drops: a few measurements say what they are worth. */
    @Test
    void estimatedLossesAreScaledByAFewDrops() {
        double[] weight = {6, 0.5, 2, 0};
        double[][] losses = new double[4][];
        for (int i = 0; i < losses.length; i++) {
            int cell = i;
            losses[i] = SPACE.dimensions().get(i).choices().stream()
                    .mapToDouble(width -> weight[cell] * Math.pow(2, -width) / 10)
                    .toArray();
        }
        ToDoubleFunction<List<Integer>> drop = bits -> IntStream.range(0, 4)
                .mapToDouble(i -> weight[i] * (Math.pow(2, -bits.get(i)) - Math.pow(2, -8)))
                .sum();
        List<List<Integer>> few = configurations.subList(0, 5);
        double[] drops = few.stream().mapToDouble(drop).toArray();
        MonotonePenalty told = MonotonePenalty.fit(SPACE, few, drops, 100, losses);
        MonotonePenalty alone = MonotonePenalty.fit(SPACE, few, drops, 100, NO_LOSSES);
        double error = 0;
        double errorAlone = 0;
        for (List<Integer> bits : configurations) {
            error += Math.abs(told.predict(bits) - drop.applyAsDouble(bits)) / configurations.size();
            errorAlone += Math.abs(alone.predict(bits) - drop.applyAsDouble(bits)) / configurations.size();
        }
        assertThat(error).isLessThan(0.05);
        assertThat(errorAlone).isGreaterThan(5 * error);
        double[][] learned = told.losses();
        assertThat(learned[0][0]).isCloseTo(3, within(0.1));
        assertThat(learned[0][learned[0].length - 1]).isZero();
    }

    /** Cells of which nothing was estimated are fitted as they would be alone, and so are all where no drop tells the scale. */
    @Test
    void whatWasNotEstimatedIsFittedAsWithoutEstimates() {
        double[] drops = values(bits -> 6 * Math.pow(4, -bits.get(0)) + 2.0 / bits.get(2));
        double[][] losses = new double[4][0];
        double[][] alone = MonotonePenalty.fit(SPACE, configurations, drops, 100, NO_LOSSES)
                .losses();
        assertThat(MonotonePenalty.fit(SPACE, configurations, drops, 100, losses)
                        .losses())
                .isDeepEqualTo(alone);
        losses[1] = new double[] {0, 0, 0, 0, 0, 0, 0};
        assertThat(MonotonePenalty.fit(SPACE, configurations, drops, 100, losses)
                        .losses())
                .isDeepEqualTo(alone);
        losses[1] = new double[] {7, 6, 5, 4, 3, 2, 0};
        double[][] half =
                MonotonePenalty.fit(SPACE, configurations, drops, 100, losses).losses();
        assertThat(half[0]).containsExactly(alone[0], within(0.1));
        assertThat(half[2]).containsExactly(alone[2], within(0.1));

        double[][] known = {{9, 4, 3, 2, 1, 0.5, 0}, {0, 0, 0, 0, 0, 0, 0}, {}, {}};
        double[][] filled = MonotonePenalty.filled(SPACE, known);
        assertThat(filled[0]).isEqualTo(known[0]);
        assertThat(filled[1]).isEqualTo(known[1]);
        assertThat(filled[2][0]).isBetween(2.0, 9.0);
        assertThat(filled[2][6]).isZero();
        assertThat(filled[3]).isEqualTo(filled[2]).isSortedAccordingTo(Comparator.reverseOrder());
    }

    @Test
    void dropsBeyondTheCapDoNotBendThePenalty() {
        ToDoubleFunction<List<Integer>> drop = bits -> bits.get(0) == 1 ? 60 : 2.0 / bits.get(1);
        MonotonePenalty penalty = MonotonePenalty.fit(SPACE, configurations, values(drop), 4, NO_LOSSES);
        assertThat(penalty.predict(List.of(4, 1, 8, 8)) - penalty.predict(List.of(4, 8, 8, 8)))
                .isCloseTo(1.75, within(0.2));
        assertThat(penalty.predict(List.of(1, 8, 8, 8))).isGreaterThan(3);
        assertThat(penalty.residual(60, 5)).isZero();
        assertThat(penalty.residual(60, 3)).isEqualTo(1);
    }

    /** Where the drop is the objective and nothing bounds it, the least drop that was met says what matters. */
    @Test
    void theControllerTellsNoUselessModelsApartWhereTheDropIsTheObjective() {
        SyntheticNetwork network = new SyntheticNetwork(2, 1);
        Problem unbounded = network.problem(Objective.DROP, new Constraint(Double.POSITIVE_INFINITY, 81));
        assertThat(DropModel.cap(unbounded, new double[] {3, 0.5, 9})).isEqualTo(4);
        assertThat(DropModel.cap(unbounded, new double[] {3, -0.5, 9})).isEqualTo(2);
        assertThat(DropModel.cap(network.problem(), new double[] {3, 0.25, 9})).isEqualTo(4);
        Controller controller = new Controller(
                work -> work.accept(sampled -> sampled.stream()
                        .mapToDouble(bits -> bits.get(0) == 1 ? 60 : 1.0 / bits.get(1))
                        .toArray()),
                Controller.Settings.DEFAULT);
        double[][] losses = controller.train(unbounded, new SplittableRandom(1)).losses();
        assertThat(losses[0][0]).isBetween(0.5, 5.0);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 20})
    void treeFindsAnInteractionAndIsReproducible(int trees) {
        ToDoubleFunction<List<Integer>> value = bits -> bits.get(0) < 4 && bits.get(2) < 4 ? 10 : 0;
        RegressionTree tree = RegressionTree.fit(configurations, values(value), trees, 9);
        RegressionTree again = RegressionTree.fit(configurations, values(value), trees, 9);
        for (List<Integer> bits : configurations) {
            assertThat(tree.predict(bits)).isCloseTo(value.applyAsDouble(bits), within(trees == 1 ? 1e-9 : 4));
            assertThat(again.predict(bits)).isEqualTo(tree.predict(bits));
        }
    }

    @Test
    void modelPredictsTheDropOfTheSyntheticNetwork() {
        SyntheticNetwork network = new SyntheticNetwork(5, 11);
        List<Trial> trials = new ArrayList<>();
        for (List<Integer> bits : network.space().unseen(new SplittableRandom(1), 120, Set.of(), bits -> true)) {
            trials.add(new Trial(trials.size(), 0, bits, network.measure(bits), false));
        }
        DropModel model = DropModel.fit(network.problem(), NO_LOSSES, trials, 1, new SplittableRandom(2));
        double squares = 0;
        int near = 0;
        for (List<Integer> bits : network.space().unseen(new SplittableRandom(3), 2000, Set.of(), bits -> true)) {
            double drop = SyntheticNetwork.FP32 - network.trueAccuracy(bits);
            if (drop < 2) {
                squares += Math.pow(model.drop(bits) - drop, 2);
                near++;
            }
        }
        assertThat(near).isGreaterThan(100);
        assertThat(Math.sqrt(squares / near)).isLessThan(0.6);
    }

    @Test
    void oneTrialIsEnoughToFit() {
        List<Integer> bits = Collections.nCopies(4, 8);
        Trial only = new Trial(0, 0, bits, new Measurement(80, NOTHING, 1, 0), false);
        DropModel model = DropModel.fit(
                new Problem(SPACE, b -> NOTHING, Objective.ALL, new Constraint(0, 81)),
                NO_LOSSES,
                List.of(only),
                1,
                new SplittableRandom(1));
        assertThat(model.drop(bits)).isCloseTo(1, within(1e-9));
    }

    private double[] values(ToDoubleFunction<List<Integer>> value) {
        return configurations.stream().mapToDouble(value).toArray();
    }
}
