package org.sgquant.search;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * The cost model: accuracy drop of a configuration, predicted as a monotone penalty plus a regression tree.
 *
 * <p>The penalty carries what is known beforehand, that more bits are rarely worse and that cells mostly add up; the
 * tree is fitted to what the penalty leaves over, the interactions. Predicting the drop is predicting the validation
 * accuracy: they differ by the constant fp32 accuracy.
 */
final class DropModel {

    /** Drops beyond this many times the allowed one are not told apart. */
    private static final double CAP = 8;

    /** The cap needs some width even where hardly any drop is allowed. */
    private static final double LEAST_DROP = 0.25;

    private final MonotonePenalty penalty;
    private final RegressionTree rest;

    private DropModel(MonotonePenalty penalty, RegressionTree rest) {
        this.penalty = penalty;
        this.rest = rest;
    }

    /**
     * Fits a bootstrap sample of the trials, so that models differ where the trials leave room for doubt, and agree
     * more the more there are.
     *
     * @param losses of every choice, estimated beforehand; empty where there are none
     */
    static DropModel fit(Problem problem, double[][] losses, List<Trial> trials, int trees, RandomGenerator random) {
        SearchSpace space = problem.space();
        Constraint constraint = problem.constraint();
        List<Trial> sample = random.ints(trials.size(), 0, trials.size())
                .mapToObj(trials::get)
                .toList();
        List<List<Integer>> configurations = sample.stream().map(Trial::bits).toList();
        double[] drops = sample.stream()
                .mapToDouble(trial -> constraint.drop(trial.measurement()))
                .toArray();
        double[] all = trials.stream()
                .mapToDouble(trial -> constraint.drop(trial.measurement()))
                .toArray();
        double cap = cap(problem, all);
        MonotonePenalty penalty = MonotonePenalty.fit(space, configurations, drops, cap, losses);
        double[] residuals = IntStream.range(0, drops.length)
                .mapToDouble(n -> penalty.residual(drops[n], penalty.predict(configurations.get(n))))
                .toArray();
        return new DropModel(penalty, RegressionTree.fit(configurations, residuals, trees, random.nextLong()));
    }

    /**
     * Drops from here on are not told apart: many times the drop that matters, which is the allowed one; where the drop is
     * the objective, the least of {@code drops} if that is less.
     */
    static double cap(Problem problem, double[] drops) {
        double allowed = problem.constraint().maxDrop();
        double matters =
                problem.objective() == Objective.DROP ? Arrays.stream(drops).reduce(allowed, Math::min) : allowed;
        return CAP * Math.max(matters, LEAST_DROP);
    }

    /** Predicted drop, percentage points. */
    double drop(List<Integer> bits) {
        return penalty.predict(bits) + rest.predict(bits);
    }
}
