package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DifferentiableTest {

    private static final double PRICE = 0.5;

    /** A loss of its own for every width of every cell, and noise. */
    private static double[][] losses(SearchSpace space, SplittableRandom random) {
        return space.dimensions().stream()
                .map(d -> d.choices().stream()
                        .mapToDouble(width -> random.nextDouble() * Math.pow(2, -width))
                        .toArray())
                .toArray(double[][]::new);
    }

    private static Differentiable differentiable(double[][] losses, long seed, List<Double> prices) {
        return new Differentiable(
                work -> {
                    SplittableRandom random = new SplittableRandom(seed);
                    work.accept(p -> {
                        double loss = 0;
                        double[][] gradient = new double[p.length][];
                        for (int i = 0; i < p.length; i++) {
                            gradient[i] = new double[p[i].length];
                            for (int c = 0; c < p[i].length; c++) {
                                loss += p[i][c] * losses[i][c];
                                gradient[i][c] = losses[i][c] + 0.01 * random.nextGaussian();
                            }
                        }
                        return new Differentiable.Gradient(loss, gradient);
                    });
                },
                new Differentiable.Settings(600 / prices.size(), 0.05, prices));
    }

    @Test
    void descendsToTheWidthsOfLeastLossAndCost() {
        for (int seed = 0; seed < 5; seed++) {
            SyntheticNetwork network = new SyntheticNetwork(5, seed);
            double[][] losses = losses(network.space(), new SplittableRandom(seed));
            Differentiable differentiable = differentiable(losses, seed, List.of(PRICE));
            PolicySearch.Learned learned = differentiable.train(network.problem(), new SplittableRandom(1));
            List<Integer> found = learned.choices().getLast();
            double least = 0;
            double reached = 0;
            for (int i = 0; i < found.size(); i++) {
                double best = Double.POSITIVE_INFINITY;
                for (int c = 0; c < losses[i].length; c++) {
                    best = Math.min(best, total(network, losses, i, c));
                }
                least += best;
                reached += total(network, losses, i, SyntheticNetwork.WIDTHS.indexOf(found.get(i)));
                assertThat(learned.losses()[i]).containsExactly(losses[i], within(0.01));
            }
            assertThat(reached).as("seed %d", seed).isCloseTo(least, within(0.02));
            assertThat(learned.steps().getLast().entropy())
                    .isLessThan(0.5 * learned.steps().getFirst().entropy());
            assertThat(differentiable.train(network.problem(), new SplittableRandom(2)))
                    .usingRecursiveComparison()
                    .isEqualTo(learned);
        }
    }

    @Test
    void higherPricesLeadFromWideToNarrow() {
        SyntheticNetwork network = new SyntheticNetwork(5, 3);
        double[][] losses = losses(network.space(), new SplittableRandom(3));
        PolicySearch.Learned learned = differentiable(losses, 1, List.of(0.01, 0.1, 0.3, 1.0, 10.0))
                .train(network.problem(), new SplittableRandom(1));
        List<Long> bytes = learned.choices().stream().map(network::bytes).toList();
        assertThat(learned.choices()).hasSize(5);
        assertThat(bytes).isSortedAccordingTo(Comparator.reverseOrder());
        assertThat(bytes.getLast())
                .isEqualTo(network.bytes(network.space().uniform().getFirst()));
    }

    /** What choice {@code c} of cell {@code i} adds to the loss and to the cost. */
    private static double total(SyntheticNetwork network, double[][] losses, int i, int c) {
        List<Integer> widest = network.space().uniform().getLast();
        List<Integer> bits = new ArrayList<>(widest);
        bits.set(i, SyntheticNetwork.WIDTHS.get(c));
        double saved = (double) (network.bytes(widest) - network.bytes(bits)) / network.bytes(widest);
        return losses[i][c] - PRICE * saved;
    }

    @Test
    void withoutACostOnlyTheLossCounts() {
        SyntheticNetwork network = new SyntheticNetwork(4, 2);
        Problem unbounded = network.problem(Objective.DROP, new Constraint(Double.POSITIVE_INFINITY, 81));
        double[][] losses = losses(network.space(), new SplittableRandom(3));
        for (double[] each : losses) {
            each[4] = -1;
        }
        PolicySearch.Learned learned =
                differentiable(losses, 1, List.of(PRICE)).train(unbounded, new SplittableRandom(1));
        assertThat(learned.choices().getLast()).containsExactly(5, 5, 5, 5);
    }

    @Test
    void aDimensionThatIsNotMixedHasNoLossesAndIsChosenByPriorAndPrice() {
        SyntheticNetwork network = new SyntheticNetwork(2, 2);
        double[] narrow = {-1, 0, 0, 0, 0, 0, 0};
        Differentiable differentiable = new Differentiable(
                work -> work.accept(p -> new Differentiable.Gradient(0, new double[][] {null, narrow})),
                new Differentiable.Settings(50, 0.05, List.of(1e-3, 1e3)));
        PolicySearch.Learned learned = differentiable.train(network.problem(), new SplittableRandom(1));
        assertThat(learned.losses()[0]).isEmpty();
        assertThat(learned.losses()[1][0]).isCloseTo(-1, within(1e-12));
        assertThat(learned.choices()).containsExactly(List.of(8, 1), List.of(1, 1));
    }

    @Test
    void settingsThatLeadNowhereAreRefused() {
        assertThatThrownBy(() -> new Differentiable.Settings(200, 0.05, List.of(0.0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("prices [0.0]");
        assertThatThrownBy(() -> new Controller.Settings(20, 20, 8, 0.05, 0.1, 0.5, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("steps 20, warm-up 20");
    }
}
