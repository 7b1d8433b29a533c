package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PolicyTest {

    private static final SearchSpace SPACE = new SearchSpace(List.of(
            new SearchSpace.Dimension("a", List.of(1)),
            new SearchSpace.Dimension("b", List.of(1, 2, 4)),
            new SearchSpace.Dimension("c", List.of(2, 8)),
            new SearchSpace.Dimension("d", List.of(1, 2, 3, 4))));

    private static double[][] randomLogits(SplittableRandom random) {
        return SPACE.dimensions().stream()
                .map(d -> d.choices().stream()
                        .mapToDouble(c -> 2 * random.nextGaussian())
                        .toArray())
                .toArray(double[][]::new);
    }

    private static List<List<Integer>> all() {
        return List.copyOf(new Policy(SPACE).mostProbable(Integer.MAX_VALUE, bits -> true));
    }

    @Test
    void gradientsAreThoseOfFiniteDifferences() {
        SplittableRandom random = new SplittableRandom(1);
        for (int n = 0; n < 20; n++) {
            double[][] logits = randomLogits(random);
            Policy policy = new Policy(SPACE, logits);
            List<Integer> bits = SPACE.sample(random);
            requireGradient(logits, p -> p.logProbability(bits), policy.logProbabilityGradient(bits));
            requireGradient(logits, Policy::entropy, policy.entropyGradient());
        }
    }

    private static void requireGradient(double[][] logits, ToDoubleFunction<Policy> f, double[][] gradient) {
        double h = 1e-5;
        for (int i = 0; i < logits.length; i++) {
            for (int c = 0; c < logits[i].length; c++) {
                double z = logits[i][c];
                logits[i][c] = z + h;
                double above = f.applyAsDouble(new Policy(SPACE, logits));
                logits[i][c] = z - h;
                double below = f.applyAsDouble(new Policy(SPACE, logits));
                logits[i][c] = z;
                assertThat(gradient[i][c]).isCloseTo((above - below) / (2 * h), within(1e-7));
            }
        }
    }

    @Test
    void samplesAsOftenAsProbable() {
        SplittableRandom random = new SplittableRandom(2);
        Policy policy = new Policy(SPACE, randomLogits(random));
        int draws = 20_000;
        List<List<Integer>> drawn =
                Stream.generate(() -> policy.sample(random)).limit(draws).toList();
        double total = 0;
        for (List<Integer> bits : all()) {
            double p = Math.exp(policy.logProbability(bits));
            long count = drawn.stream().filter(bits::equals).count();
            assertThat((double) count).isCloseTo(draws * p, within(5 * Math.sqrt(draws * p) + 5));
            total += p;
        }
        assertThat(total).isCloseTo(1, within(1e-12));
    }

    @Test
    void listsConfigurationsByTheirProbability() {
        SplittableRandom random = new SplittableRandom(3);
        List<List<Integer>> all = all();
        assertThat(all).hasSize(24).doesNotHaveDuplicates();
        for (int n = 0; n < 20; n++) {
            Policy policy = new Policy(SPACE, randomLogits(random));
            assertThat(policy.mostProbable(7, bits -> bits.get(3) != 2))
                    .isEqualTo(all.stream()
                            .filter(bits -> bits.get(3) != 2)
                            .sorted(Comparator.comparingDouble(bits -> -policy.logProbability(bits)))
                            .limit(7)
                            .toList());
        }
        assertThat(new Policy(SPACE).mostProbable(5, bits -> false)).isEmpty();
    }

    /** Every width of every cell has a worth of its own, and what is seen of their sum is noisy. */
    @Test
    void learnsTheConfigurationOfGreatestReward() {
        for (int seed = 0; seed < 5; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            SearchSpace space = new SyntheticNetwork(6, seed).space();
            double[][] worth = new double[6][];
            List<Integer> best = new ArrayList<>();
            for (int i = 0; i < worth.length; i++) {
                int peak = random.nextInt(SyntheticNetwork.WIDTHS.size());
                worth[i] = IntStream.range(0, SyntheticNetwork.WIDTHS.size())
                        .mapToDouble(c -> -0.1 * Math.abs(c - peak))
                        .toArray();
                best.add(SyntheticNetwork.WIDTHS.get(peak));
            }
            Policy policy = new Policy(space);
            double[] entropy = new double[601];
            entropy[0] = policy.entropy();
            for (int step = 1; step <= 600; step++) {
                List<List<Integer>> samples =
                        Stream.generate(() -> policy.sample(random)).limit(8).toList();
                double[] rewards = samples.stream()
                        .mapToDouble(bits -> IntStream.range(0, 6)
                                        .mapToDouble(i -> worth[i][SyntheticNetwork.WIDTHS.indexOf(bits.get(i))])
                                        .sum()
                                + 0.05 * random.nextGaussian())
                        .toArray();
                policy.reinforce(samples, rewards, 0, 0.05);
                entropy[step] = policy.entropy();
            }
            assertThat(policy.mostProbable(1, bits -> true)).as("seed %d", seed).containsExactly(best);
            assertThat(entropy[0]).isCloseTo(6 * Math.log(7), within(1e-12));
            assertThat(entropy[600]).isLessThan(0.3 * entropy[0]);
        }
    }

    @Test
    void thePenaltyOfTheEntropyAloneDecides() {
        Policy policy = new Policy(SPACE, randomLogits(new SplittableRandom(4)));
        List<List<Integer>> preferred = policy.mostProbable(1, bits -> true);
        double before = policy.entropy();
        for (int step = 0; step < 200; step++) {
            policy.reinforce(List.of(all().get(0), all().get(1)), new double[] {1, 1}, 0.1, 0.05);
        }
        assertThat(policy.entropy()).isLessThan(0.1 * before);
        assertThat(policy.mostProbable(1, bits -> true)).isEqualTo(preferred);
    }
}
