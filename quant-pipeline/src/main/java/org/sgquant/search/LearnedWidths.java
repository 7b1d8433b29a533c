package org.sgquant.search;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Real-valued bit widths that descend {@code sum_i E_i(b_i) / E + penalty * max(0, (S(b) - T) / T)^2}: what quantization
 * costs, and the memory S above the target T.
 *
 * <p>{@code E_i(b) = A_i / (2^b - 1)}, since the error of a slot (a tensor, or a degree class of it) is proportional to
 * its step, and a range of 2^b - 1 steps has {@code dE_i/db = -A_i ln2 2^b / (2^b - 1)^2}; A_i is measured, E the error
 * measured first. {@code S(b) = sum_i values_i b_i} and {@code T = target sum_i values_i}, in bits. Widths stay within 1
 * and 8. Source: the width with a gradient and the memory penalty are A2Q's (Zhu et al., ICLR 2023, eq. 5 and 8), whose
 * widths belong to single nodes; that degree classes share one is from MEGA (Zhu et al., HPCA 2024).
 */
public final class LearnedWidths {

    private static final double LEAST = 1;
    private static final double MOST = 8;

    /** Descent of one call: enough to cross the whole interval. */
    private static final int STEPS = 400;

    private static final double RATE = 0.05;

    /** Share of the last measurement in A_i: fine-tuning is noisy. */
    private static final double FRESH = 0.5;

    private final long[] values;
    private final double target;
    private final double penalty;
    private final double[] width;
    private final double[] spread;
    private double errorUnit;

    /** {@code values} per slot and widths to start from; {@code target} bits per value on average. */
    public LearnedWidths(long[] values, int[] start, double target, double penalty) {
        requireTarget(target, penalty);
        this.values = values.clone();
        this.target = target;
        this.penalty = penalty;
        this.width = Arrays.stream(start).asDoubleStream().toArray();
        this.spread = new double[values.length];
    }

    /** Throws where no widths can have {@code target} bits on average, or the penalty pulls nowhere. */
    public static void requireTarget(double target, double penalty) {
        if (!(target >= LEAST && target <= MOST)) {
            throw new IllegalArgumentException(
                    "bits to learn must lie between 1 and 8 per value on average, got " + target);
        }
        if (!(penalty > 0 && penalty < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("the memory penalty must be positive and finite, got " + penalty);
        }
    }

    /** Takes in the errors measured at whole {@code widths}, and descends. */
    public void update(double[] errors, int[] widths) {
        boolean first = errorUnit == 0;
        for (int i = 0; i < values.length; i++) {
            double measured = errors[i] * ((1 << widths[i]) - 1);
            spread[i] = first ? measured : FRESH * measured + (1 - FRESH) * spread[i];
        }
        if (first) {
            double sum = Arrays.stream(errors).sum();
            errorUnit = sum > 0 ? sum : 1;
        }
        descend();
    }

    /** Adam on the widths, its rate falling to 0. */
    private void descend() {
        double[] m = new double[width.length];
        double[] v = new double[width.length];
        for (int step = 1; step <= STEPS; step++) {
            double rate = RATE * (1 - (step - 1.0) / STEPS);
            double over = Math.max(0, (size(width) - budget()) / budget());
            for (int i = 0; i < width.length; i++) {
                double g = -spread[i] * Math.log(2) * Math.pow(2, width[i]) / Math.pow(Math.pow(2, width[i]) - 1, 2);
                g = g / errorUnit + 2 * penalty * over * values[i] / budget();
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                double root = Math.sqrt(v[i] / (1 - Math.pow(0.999, step))) + 1e-12;
                double moved = width[i] - rate * m[i] / (1 - Math.pow(0.9, step)) / root;
                width[i] = Math.min(Math.max(moved, LEAST), MOST);
            }
        }
    }

    private double budget() {
        return target * Arrays.stream(values).sum();
    }

    private double size(double[] widths) {
        return IntStream.range(0, values.length)
                .mapToDouble(i -> values[i] * widths[i])
                .sum();
    }

    /** The widths as they are. */
    public double[] widths() {
        return width.clone();
    }

    /** Nearest whole widths, what the next measurement takes. */
    public int[] nearest() {
        return Arrays.stream(width).mapToInt(b -> (int) Math.rint(b)).toArray();
    }

    /**
     * Whole widths within the target: each rounded down, then rounded up where a bit saves most error per value, as long
     * as it fits.
     */
    public int[] withinTarget() {
        int[] whole = Arrays.stream(width).mapToInt(b -> (int) Math.floor(b)).toArray();
        IntStream.range(0, whole.length)
                .boxed()
                .filter(i -> values[i] > 0)
                .sorted(Comparator.comparingDouble(i -> -saved(i, whole[i]) / values[i]))
                .forEach(i -> {
                    boolean fits = size(Arrays.stream(whole).asDoubleStream().toArray()) + values[i] <= budget();
                    whole[i] += width[i] > whole[i] && fits ? 1 : 0;
                });
        while (size(Arrays.stream(whole).asDoubleStream().toArray()) > budget()) {
            int cheapest = IntStream.range(0, whole.length)
                    .filter(i -> whole[i] > LEAST && values[i] > 0)
                    .boxed()
                    .min(Comparator.comparingDouble(i -> saved(i, whole[i] - 1) / values[i]))
                    .orElseThrow();
            whole[cheapest]--;
        }
        return whole;
    }

    /** Error that one bit more than {@code bits} saves. */
    private double saved(int i, int bits) {
        return spread[i] / ((1 << bits) - 1) - spread[i] / ((2 << bits) - 1);
    }
}
