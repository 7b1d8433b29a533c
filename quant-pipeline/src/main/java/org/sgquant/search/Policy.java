package org.sgquant.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * {@code p(bits) = prod_i softmax(z_i)[bits_i]}: independent categorical choices over the dimensions of a space, whose
 * logits z learn by Adam.
 *
 * <p>Logits are {@code [dimension][choice]}, all {@value #START} at first: every configuration is as probable as another.
 */
final class Policy {

    private static final double START = 0.5;
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPSILON = 1e-8;

    /** Most configurations that are looked at for those wanted. */
    private static final int MOST_LOOKS = 50_000;

    private final SearchSpace space;
    private final double[][] logits;
    private final double[][] m;
    private final double[][] v;
    private int steps;

    /** A policy that prefers nothing. */
    Policy(SearchSpace space) {
        this(space, shaped(space, START));
    }

    /** A policy of these logits, {@code [dimension][choice]}. */
    Policy(SearchSpace space, double[][] logits) {
        this.space = space;
        this.logits = Arrays.stream(logits).map(double[]::clone).toArray(double[][]::new);
        this.m = shaped(space, 0);
        this.v = shaped(space, 0);
    }

    private static double[][] shaped(SearchSpace space, double value) {
        return space.dimensions().stream()
                .map(d -> d.choices().stream().mapToDouble(c -> value).toArray())
                .toArray(double[][]::new);
    }

    /** Of every choice of dimension {@code i}. */
    double[] probabilities(int i) {
        double max = Double.NEGATIVE_INFINITY;
        for (double z : logits[i]) {
            max = Math.max(max, z);
        }
        double[] p = new double[logits[i].length];
        double sum = 0;
        for (int c = 0; c < p.length; c++) {
            p[c] = Math.exp(logits[i][c] - max);
            sum += p[c];
        }
        for (int c = 0; c < p.length; c++) {
            p[c] /= sum;
        }
        return p;
    }

    /** Of every choice of every dimension. */
    double[][] probabilities() {
        return IntStream.range(0, logits.length).mapToObj(this::probabilities).toArray(double[][]::new);
    }

    /** Draws a configuration. */
    List<Integer> sample(RandomGenerator random) {
        List<Integer> bits = new ArrayList<>();
        for (int i = 0; i < logits.length; i++) {
            double[] p = probabilities(i);
            double left = random.nextDouble();
            int choice = 0;
            while (choice < p.length - 1 && left >= p[choice]) {
                left -= p[choice++];
            }
            bits.add(space.dimensions().get(i).choices().get(choice));
        }
        return List.copyOf(bits);
    }

    /** {@code log p(bits)}. */
    double logProbability(List<Integer> bits) {
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            sum += Math.log(probabilities(i)[choice(i, bits)]);
        }
        return sum;
    }

    private int choice(int i, List<Integer> bits) {
        return space.dimensions().get(i).choices().indexOf(bits.get(i));
    }

    /** {@code d log p(bits) / dz = 1[c = bits_i] - p_ic}. */
    double[][] logProbabilityGradient(List<Integer> bits) {
        double[][] gradient = new double[logits.length][];
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] = probabilities(i);
            for (int c = 0; c < gradient[i].length; c++) {
                gradient[i][c] = -gradient[i][c];
            }
            gradient[i][choice(i, bits)]++;
        }
        return gradient;
    }

    /** {@code H = sum_i H(p_i)}, nats. */
    double entropy() {
        return IntStream.range(0, logits.length)
                .mapToDouble(i -> entropy(probabilities(i)))
                .sum();
    }

    private static double entropy(double[] p) {
        double h = 0;
        for (double each : p) {
            h -= each == 0 ? 0 : each * Math.log(each);
        }
        return h;
    }

    /** {@code dH / dz = -p_ic (log p_ic + H(p_i))}. */
    double[][] entropyGradient() {
        double[][] gradient = new double[logits.length][];
        for (int i = 0; i < gradient.length; i++) {
            double[] p = probabilities(i);
            double h = entropy(p);
            gradient[i] = new double[p.length];
            for (int c = 0; c < p.length; c++) {
                gradient[i][c] = p[c] == 0 ? 0 : -p[c] * (Math.log(p[c]) + h);
            }
        }
        return gradient;
    }

    /**
     * A step up {@code 1/K sum_k (R_k - mean of the other R) log p(bits_k) - entropyPenalty H}: REINFORCE, each sample
     * compared with the others.
     *
     * @param samples at least two, drawn from this policy
     * @param rewards R, one per sample
     */
    void reinforce(List<List<Integer>> samples, double[] rewards, double entropyPenalty, double rate) {
        int count = samples.size();
        double sum = 0;
        for (double reward : rewards) {
            sum += reward;
        }
        double[][] ascent = shaped(space, 0);
        for (int k = 0; k < count; k++) {
            double others = (sum - rewards[k]) / (count - 1);
            add(ascent, (rewards[k] - others) / count, logProbabilityGradient(samples.get(k)));
        }
        add(ascent, -entropyPenalty, entropyGradient());
        ascend(ascent, rate);
    }

    private static void add(double[][] to, double factor, double[][] values) {
        for (int i = 0; i < to.length; i++) {
            for (int c = 0; c < to[i].length; c++) {
                to[i][c] += factor * values[i][c];
            }
        }
    }

    /** A step down what has {@code gradient} by the probabilities: {@code dL/dz_c = p_c (dL/dp_c - sum_k p_k dL/dp_k)}. */
    void descend(double[][] gradient, double rate) {
        double[][] ascent = shaped(space, 0);
        for (int i = 0; i < ascent.length; i++) {
            double[] p = probabilities(i);
            double mean = 0;
            for (int c = 0; c < p.length; c++) {
                mean += p[c] * gradient[i][c];
            }
            for (int c = 0; c < p.length; c++) {
                ascent[i][c] = -p[c] * (gradient[i][c] - mean);
            }
        }
        ascend(ascent, rate);
    }

    /** Adam's step up {@code gradient}. */
    private void ascend(double[][] gradient, double rate) {
        steps++;
        for (int i = 0; i < logits.length; i++) {
            for (int c = 0; c < logits[i].length; c++) {
                double g = gradient[i][c];
                m[i][c] = BETA1 * m[i][c] + (1 - BETA1) * g;
                v[i][c] = BETA2 * v[i][c] + (1 - BETA2) * g * g;
                double mean = m[i][c] / (1 - Math.pow(BETA1, steps));
                double square = v[i][c] / (1 - Math.pow(BETA2, steps));
                logits[i][c] += rate * mean / (Math.sqrt(square) + EPSILON);
            }
        }
    }

    /** A configuration by the place of its choices in the order of their probability, most probable first. */
    private record Place(List<Integer> ranks, double logProbability) {}

    /**
     * Up to {@code count} configurations that are {@code wanted}, most probable first, the narrower of equals; fewer where
     * there are none among the {@value #MOST_LOOKS} most probable ones.
     */
    List<List<Integer>> mostProbable(int count, Predicate<List<Integer>> wanted) {
        List<List<Integer>> order = new ArrayList<>();
        for (double[] z : logits) {
            order.add(IntStream.range(0, z.length)
                    .boxed()
                    .sorted(Comparator.comparingDouble(c -> -z[c]))
                    .toList());
        }
        List<Integer> first = order.stream().map(each -> 0).toList();
        PriorityQueue<Place> open = new PriorityQueue<>(Comparator.comparingDouble(p -> -p.logProbability()));
        open.add(new Place(first, logProbability(configuration(first, order))));
        Set<List<Integer>> reached = new HashSet<>(Set.of(first));
        List<List<Integer>> found = new ArrayList<>();
        for (int looks = 0; looks < MOST_LOOKS && found.size() < count && !open.isEmpty(); looks++) {
            Place place = open.remove();
            List<Integer> ranks = place.ranks();
            List<Integer> bits = configuration(ranks, order);
            if (wanted.test(bits)) {
                found.add(bits);
            }
            for (int i = 0; i < ranks.size(); i++) {
                if (ranks.get(i) + 1 < logits[i].length) {
                    List<Integer> next = new ArrayList<>(ranks);
                    next.set(i, ranks.get(i) + 1);
                    if (reached.add(next)) {
                        // By the difference of two logits: softmax takes the same from both.
                        double less = logits[i][order.get(i).get(ranks.get(i))]
                                - logits[i][order.get(i).get(next.get(i))];
                        open.add(new Place(next, place.logProbability() - less));
                    }
                }
            }
        }
        return found;
    }

    private List<Integer> configuration(List<Integer> ranks, List<List<Integer>> order) {
        List<Integer> bits = new ArrayList<>();
        for (int i = 0; i < ranks.size(); i++) {
            int choice = order.get(i).get(ranks.get(i));
            bits.add(space.dimensions().get(i).choices().get(choice));
        }
        return List.copyOf(bits);
    }
}
