package org.sgquant.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Trains a {@link Policy} against weights that all configurations share: each step samples some, the shared weights learn
 * under them and say what accuracy they lose, and the policy moves towards those of greater reward.
 *
 * <p>{@code reward = -cost / cost of the widest - loss(max(0, drop - maxDrop)) - excessPenalty excess}, cost the
 * objective as it is known, excess what is beyond the bounds of bytes and latency, as shares of them, and
 * {@code loss(x) = sign(x) log(1 + dropPenalty |x|)}, for a hundred configurations that predict at random should not
 * drown what tells the good ones apart. There is no target of bytes where the least are looked for, so that the bound of
 * the drop takes the place of FLIQS's target of cost. Where the drop is the objective,
 * {@code reward = -loss(drop) - excessPenalty excess}: FLIQS's one-sided form.
 *
 * <p>In the warm-up samples are uniform and the policy stays as it is; after it a penalty of the entropy grows from 0
 * along half a cosine: explore early, decide in the end. Source: Dotzel et al., FLIQS, AutoML 2024, arXiv 2308.03290;
 * that a sample is compared with the others of its step instead of a running mean is Kool et al., Buy 4 REINFORCE
 * samples, get a baseline for free, 2019.
 *
 * @param shared lends the shared weights
 */
public record Controller(Lender shared, Settings settings) implements PolicySearch.Training {

    /** Weights that learn under whatever configuration they meet. */
    @FunctionalInterface
    public interface SharedWeights {
        /**
         * Validation accuracy that each configuration loses against the widest one with the same weights, percentage
         * points; the weights learn under all of them.
         */
        double[] drops(List<List<Integer>> sampled);
    }

    /** Makes shared weights, and ends with them when {@code work} does. */
    @FunctionalInterface
    public interface Lender {
        void lend(Consumer<SharedWeights> work);
    }

    /**
     * How long, how fast and towards what.
     *
     * @param warmUp first steps, which leave the policy as it is
     * @param samples per step, at least two
     * @param rate of Adam
     * @param entropyPenalty at the last step
     * @param dropPenalty of the first percentage points, each; more of them count less and less
     * @param excessPenalty for what is twice as much as its bound
     */
    public record Settings(
            int steps,
            int warmUp,
            int samples,
            double rate,
            double entropyPenalty,
            double dropPenalty,
            double excessPenalty) {

        /** Penalties and steps are those that did best in a few tries on Cora with GCN and on made-up networks. */
        public static final Settings DEFAULT = new Settings(200, 40, 8, 0.05, 0.1, 1, 1);

        public Settings {
            if (warmUp < 0 || steps <= warmUp || samples < 2 || !(rate > 0) || !(entropyPenalty >= 0)) {
                throw new IllegalArgumentException("not a setting of a controller: steps " + steps + ", warm-up "
                        + warmUp + ", samples " + samples + ", rate " + rate + ", entropy penalty " + entropyPenalty);
            }
            if (!(dropPenalty > 0) || !(excessPenalty > 0)) {
                throw new IllegalArgumentException("a controller's penalties must be positive, got " + dropPenalty
                        + " for the drop and " + excessPenalty + " beyond the bounds");
            }
        }

        /** {@code entropyPenalty (1 - cos(pi t)) / 2}, t from 0 after the warm-up to 1 at the last step. */
        double entropyPenalty(int step) {
            double progress = Math.max(0, (step - warmUp) / Math.max(1.0, steps - 1.0 - warmUp));
            return entropyPenalty * (1 - Math.cos(Math.PI * progress)) / 2;
        }
    }

    @Override
    public String name() {
        return "controller " + settings;
    }

    @Override
    public PolicySearch.Learned train(Problem problem, RandomGenerator random) {
        Policy policy = new Policy(problem.space());
        List<PolicySearch.Step> log = new ArrayList<>();
        List<List<Integer>> met = new ArrayList<>();
        List<Double> drops = new ArrayList<>();
        shared.lend(weights -> {
            for (int step = 0; step < settings.steps(); step++) {
                if (Thread.interrupted()) {
                    throw new CancellationException("interrupted");
                }
                boolean warmUp = step < settings.warmUp();
                List<List<Integer>> sampled = Stream.generate(
                                () -> warmUp ? problem.space().sample(random) : policy.sample(random))
                        .limit(settings.samples())
                        .toList();
                double[] ofStep = weights.drops(sampled);
                met.addAll(sampled);
                Arrays.stream(ofStep).forEach(drops::add);
                double[] rewards = rewards(problem, sampled, ofStep);
                if (!warmUp) {
                    policy.reinforce(sampled, rewards, settings.entropyPenalty(step), settings.rate());
                }
                log.add(new PolicySearch.Step(
                        policy.entropy(), Arrays.stream(rewards).average().orElseThrow()));
            }
        });
        return new PolicySearch.Learned(
                policy.mostProbable(LossFront.BATCH, problem::fits), losses(problem, met, drops), log);
    }

    /** What each choice adds to the drops that the shared weights told of. */
    private static double[][] losses(Problem problem, List<List<Integer>> met, List<Double> drops) {
        double[] values = drops.stream().mapToDouble(drop -> drop).toArray();
        double cap = DropModel.cap(problem, values);
        return MonotonePenalty.fit(problem.space(), met, values, cap, new double[0][])
                .losses();
    }

    private double[] rewards(Problem problem, List<List<Integer>> sampled, double[] drops) {
        double[] rewards = new double[drops.length];
        for (int k = 0; k < rewards.length; k++) {
            rewards[k] = reward(problem, sampled.get(k), drops[k]);
        }
        return rewards;
    }

    double reward(Problem problem, List<Integer> bits, double drop) {
        double excess = settings.excessPenalty() * problem.excess(bits);
        if (problem.objective() == Objective.DROP) {
            return -loss(drop) - excess;
        }
        double widest = problem.known(problem.space().widest());
        return -problem.known(bits) / widest
                - loss(Math.max(0, drop - problem.constraint().maxDrop()))
                - excess;
    }

    private double loss(double points) {
        return Math.signum(points) * Math.log1p(settings.dropPenalty() * Math.abs(points));
    }
}
