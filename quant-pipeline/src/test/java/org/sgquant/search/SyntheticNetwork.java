package org.sgquant.search;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.PackedLayout;

/**
 * A made-up quantized model: {@code accuracy = 81 - penalties - interactions + noise}, validated on 500 nodes.
 *
 * <p>Cell i has rows x columns values, bytes by the real packed layout, and a penalty {@code a_i r_i^-b} with a rate
 * r_i in 2..4.5 (some cells are nearly free); pairs of narrow cells cost more than their sum; the total saturates at
 * chance. The noise of a configuration is fixed by the configuration, as a deterministic measurement's is.
 */
final class SyntheticNetwork implements TrialRunner, CostFunction {

    static final List<Integer> WIDTHS = List.of(1, 2, 3, 4, 5, 6, 8);
    static final double FP32 = 81;

    private final long seed;
    private final double noise;
    private final long[][] bytes;
    private final double[] amplitude;
    private final double[] rate;
    private final double[][] interaction;

    SyntheticNetwork(int cells, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        this.seed = seed;
        noise = 0.2 + 0.2 * random.nextDouble();
        bytes = new long[cells][];
        amplitude = new double[cells];
        rate = new double[cells];
        interaction = new double[cells][cells];
        for (int i = 0; i < cells; i++) {
            int rows = random.nextInt(200, 2709);
            int cols = List.of(3, 7, 16, 32, 64).get(random.nextInt(5));
            bytes[i] = LongStream.rangeClosed(0, 8)
                    .map(q -> q == 0 ? 0 : rows * (long) PackedLayout.rowStride(BitWidth.of((int) q), cols))
                    .toArray();
            amplitude[i] = 40 * Math.pow(random.nextDouble(), 3) + 0.2;
            rate[i] = 2 + 2.5 * random.nextDouble();
            for (int j = 0; j < i; j++) {
                interaction[i][j] = random.nextInt(4) == 0 ? random.nextDouble() : 0;
            }
        }
    }

    SearchSpace space() {
        List<SearchSpace.Dimension> dimensions = new ArrayList<>();
        for (int i = 0; i < bytes.length; i++) {
            dimensions.add(new SearchSpace.Dimension("c" + i, WIDTHS));
        }
        return new SearchSpace(dimensions);
    }

    /** This network with {@code objective} to be made small within {@code constraint}. */
    Problem problem(Objective objective, Constraint constraint) {
        return new Problem(space(), this, objective, constraint);
    }

    /** Least bytes within half a point of drop. */
    Problem problem() {
        return problem(Objective.ALL, new Constraint(0.5, FP32));
    }

    /** The inner cells are all but the first; each bit of a cell takes a millisecond. */
    @Override
    public Cost of(List<Integer> bits) {
        long all = bytes(bits);
        double latency = bits.stream().mapToInt(b -> b).sum() / 1e3;
        return new Cost(all, all - bytes[0][bits.getFirst()], latency);
    }

    long bytes(List<Integer> bits) {
        long sum = 0;
        for (int i = 0; i < bytes.length; i++) {
            sum += bytes[i][bits.get(i)];
        }
        return sum;
    }

    /** Accuracy in percent before noise. */
    double trueAccuracy(List<Integer> bits) {
        double[] penalty = new double[bytes.length];
        double drop = 0;
        for (int i = 0; i < bytes.length; i++) {
            penalty[i] = amplitude[i] * Math.pow(rate[i], -bits.get(i));
            drop += penalty[i];
            for (int j = 0; j < i; j++) {
                drop += interaction[i][j] * Math.sqrt(penalty[i] * penalty[j]);
            }
        }
        double range = FP32 - 14;
        return FP32 - range * (1 - Math.exp(-drop / range));
    }

    @Override
    public Measurement measure(List<Integer> bits) {
        double gaussian = new SplittableRandom(seed * 31 + bits.hashCode()).nextGaussian();
        double accuracy = Math.rint(5 * (trueAccuracy(bits) + noise * gaussian)) / 5;
        Cost cost = of(bits);
        return new Measurement(accuracy, cost, cost.bytes(), 0);
    }
}
