package org.sgquant.search;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * Descends {@code loss of the mix + costPenalty E[cost] / cost of the widest} by the logits of a {@link Policy}: every cell
 * is the mix {@code sum_c p_c Q_c(x)} of what it is at each width, p the softmax of its logits.
 *
 * <p>Cost is the objective as it is known, or how far the bounds are filled where the drop is the objective; it is taken
 * as a sum over dimensions, each beside the widest of the others. The penalty is a price, so that how much is lost for it
 * is told by trials alone. What a mix loses says little of what its most probable width alone loses as long as p is
 * spread: as in MixQ, nothing forces a decision but the descent itself. A dimension that is not mixed keeps its logits, so
 * that all its widths are as probable, and the narrowest is tried first. Source: Moustafa et al., MixQ-GNN, ICDE 2025.
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
     * How long, how fast and at what price.
     *
     * @param rate of Adam
     * @param costPenalty nats of loss that all the cost is worth
     */
    public record Settings(int steps, double rate, double costPenalty) {

        /** The best of 0.1, 0.3, 1 and 3 as a price on Cora with GCN, at one seed. */
        public static final Settings DEFAULT = new Settings(200, 0.05, 0.3);

        public Settings {
            if (steps < 1 || !(rate > 0) || !(costPenalty > 0)) {
                throw new IllegalArgumentException("not a setting of the differentiable search: steps " + steps
                        + ", rate " + rate + ", cost penalty " + costPenalty);
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
        Policy policy = new Policy(problem.space());
        double[][] costs = shares(problem);
        List<PolicySearch.Step> log = new ArrayList<>();
        mixed.lend(weights -> {
            for (int step = 0; step < settings.steps(); step++) {
                if (Thread.interrupted()) {
                    throw new CancellationException("interrupted");
                }
                double[][] p = policy.probabilities();
                Gradient gradient = weights.step(p);
                double[][] total = new double[p.length][];
                double objective = gradient.loss();
                for (int i = 0; i < p.length; i++) {
                    total[i] = new double[p[i].length];
                    for (int c = 0; c < p[i].length && gradient.byProbability()[i] != null; c++) {
                        double price = settings.costPenalty() * costs[i][c];
                        total[i][c] = gradient.byProbability()[i][c] + price;
                        objective += p[i][c] * price;
                    }
                }
                policy.descend(total, settings.rate());
                log.add(new PolicySearch.Step(policy.entropy(), -objective));
            }
        });
        return new PolicySearch.Learned(policy.logits(), log);
    }

    /** What each choice saves of the cost of the widest configuration, negative, as a share of it. */
    private static double[][] shares(Problem problem) {
        List<Integer> widest = problem.space().uniform().getLast();
        double all = cost(problem, widest);
        double[][] shares = new double[widest.size()][];
        for (int i = 0; i < shares.length; i++) {
            List<Integer> choices = problem.space().dimensions().get(i).choices();
            shares[i] = new double[choices.size()];
            for (int c = 0; c < shares[i].length; c++) {
                List<Integer> bits = new ArrayList<>(widest);
                bits.set(i, choices.get(c));
                shares[i][c] = all == 0 ? 0 : cost(problem, bits) / all - 1;
            }
        }
        return shares;
    }

    private static double cost(Problem problem, List<Integer> bits) {
        return problem.objective() == Objective.DROP
                ? problem.constraint().bounds().filled(problem.cost().of(bits))
                : problem.known(bits);
    }
}
