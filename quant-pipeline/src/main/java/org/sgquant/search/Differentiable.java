package org.sgquant.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Descends {@code loss of the mix + price E[cost] / cost of the widest} by the logits of a {@link Policy}: every cell is the
 * mix {@code sum_c p_c Q_c(x)} of what it is at each width, p the softmax of its logits.
 *
 * <p>Cost is the objective as it is known, or how far the bounds are filled where the drop is the objective; it is taken
 * as a sum over dimensions, each beside the widest of the others. Several prices are paid one after the other, each by a
 * policy that prefers nothing at first, so that their choices, from wide to narrow, are a front: how much is lost at which
 * price is told by trials alone. The mean of {@code d loss / d p} on the way is what each choice loses, to first order.
 *
 * <p>What a mix loses says little of what its most probable width alone loses as long as p is spread: as in MixQ, nothing
 * forces a decision but the descent itself. A dimension that is not mixed has no losses; it is chosen by those of the
 * {@link MonotonePenalty}'s prior, in the unit of the others, and the same price. Source: Moustafa et al., MixQ-GNN, ICDE 2025.
 *
 * @param mixed lends the weights that learn under the mix
 */
public record Differentiable(Lender mixed, Settings settings) implements PolicySearch.Training {

    /** Weights that learn under a mix of all widths. */
    @FunctionalInterface
    public interface MixedWeights {
        /** Makes a step of the weights; the gradient is that before it. */
        Gradient step(double[][] probabilities);
    }

    /**
     * {@code d loss / d p}.
     *
     * @param byProbability {@code [dimension][choice]}, null for a dimension that is not mixed
     */
    public record Gradient(double loss, double[][] byProbability) {}

    /** Makes mixed weights, and ends with them when {@code work} does. */
    @FunctionalInterface
    public interface Lender {
        void lend(Consumer<MixedWeights> work);
    }

    /**
     * How long, how fast and at what prices.
     *
     * @param steps at each price
     * @param rate of Adam
     * @param prices nats of loss that all the cost is worth, ascending
     */
    public record Settings(int steps, double rate, List<Double> prices) {

        /** From where nearly nothing is narrowed on Cora with GCN to where nearly everything is. */
        public static final Settings DEFAULT = new Settings(33, 0.1, List.of(0.03, 0.1, 0.3, 1.0, 3.0, 10.0));

        public Settings {
            prices = List.copyOf(prices);
            if (steps < 1 || !(rate > 0) || prices.isEmpty() || !prices.stream().allMatch(price -> price > 0)) {
                throw new IllegalArgumentException("not a setting of the differentiable search: steps " + steps
                        + ", rate " + rate + ", prices " + prices);
            }
        }
    }

    @Override
    public String name() {
        return "differentiable " + settings;
    }

    /** The log's reward is minus what is descended. */
    @Override
    public PolicySearch.Learned train(Problem problem, RandomGenerator random) {
        double[][] costs = shares(problem);
        double[][] losses = new double[costs.length][];
        Arrays.setAll(losses, i -> new double[0]);
        List<List<Integer>> probable = new ArrayList<>();
        List<PolicySearch.Step> log = new ArrayList<>();
        mixed.lend(weights -> {
            for (double price : settings.prices()) {
                Policy policy = new Policy(problem.space());
                for (int step = 0; step < settings.steps(); step++) {
                    if (Thread.interrupted()) {
                        throw new CancellationException("interrupted");
                    }
                    double[][] p = policy.probabilities();
                    Gradient gradient = weights.step(p);
                    policy.descend(total(gradient.byProbability(), price, costs), settings.rate());
                    add(losses, gradient.byProbability());
                    log.add(new PolicySearch.Step(policy.entropy(), -gradient.loss() - price * mean(p, costs)));
                }
                probable.addAll(policy.mostProbable(1, bits -> true));
            }
        });
        for (double[] ofDimension : losses) {
            Arrays.setAll(ofDimension, c -> ofDimension[c] / log.size());
        }
        double[][] filled = MonotonePenalty.filled(problem.space(), losses);
        Set<List<Integer>> choices = new LinkedHashSet<>();
        for (int i = 0; i < probable.size(); i++) {
            double[][] total = total(filled, settings.prices().get(i), costs);
            choices.add(completed(probable.get(i), problem.space(), losses, total));
        }
        return new PolicySearch.Learned(List.copyOf(choices), losses, log);
    }

    /** {@code probable}, but in dimensions without losses the least of {@code total}, the prior's loss and the price. */
    private static List<Integer> completed(
            List<Integer> probable, SearchSpace space, double[][] losses, double[][] total) {
        List<Integer> completed = new ArrayList<>(probable);
        for (int i = 0; i < losses.length; i++) {
            double[] ofDimension = total[i];
            if (losses[i].length == 0) {
                int least = IntStream.range(0, ofDimension.length)
                        .boxed()
                        .min(Comparator.comparingDouble(c -> ofDimension[c]))
                        .orElseThrow();
                completed.set(i, space.dimensions().get(i).choices().get(least));
            }
        }
        return List.copyOf(completed);
    }

    /** Loss and price together; 0 for a dimension that is not mixed. */
    private static double[][] total(double[][] byProbability, double price, double[][] costs) {
        double[][] total = new double[costs.length][];
        for (int i = 0; i < total.length; i++) {
            total[i] = new double[costs[i].length];
            for (int c = 0; c < total[i].length && byProbability[i] != null; c++) {
                total[i][c] = byProbability[i][c] + price * costs[i][c];
            }
        }
        return total;
    }

    private static void add(double[][] to, double[][] byProbability) {
        for (int i = 0; i < to.length; i++) {
            if (byProbability[i] == null) {
                continue;
            }
            to[i] = to[i].length == 0 ? new double[byProbability[i].length] : to[i];
            for (int c = 0; c < to[i].length; c++) {
                to[i][c] += byProbability[i][c];
            }
        }
    }

    private static double mean(double[][] probabilities, double[][] values) {
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            for (int c = 0; c < values[i].length; c++) {
                sum += probabilities[i][c] * values[i][c];
            }
        }
        return sum;
    }

    /** What each choice saves of the cost of the widest configuration, negative, as a share of it. */
    private static double[][] shares(Problem problem) {
        List<Integer> widest = problem.space().widest();
        double all = LossFront.cost(problem, widest);
        double[][] shares = new double[widest.size()][];
        for (int i = 0; i < shares.length; i++) {
            List<Integer> choices = problem.space().dimensions().get(i).choices();
            shares[i] = new double[choices.size()];
            for (int c = 0; c < shares[i].length; c++) {
                List<Integer> bits = new ArrayList<>(widest);
                bits.set(i, choices.get(c));
                shares[i][c] = all == 0 ? 0 : LossFront.cost(problem, bits) / all - 1;
            }
        }
        return shares;
    }
}
