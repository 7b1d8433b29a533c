package org.sgquant.search;

import java.util.Arrays;
import java.util.List;

/**
 * Drop predicted as {@code c + sum over cells of f_i(width)}, each f_i falling with the width and zero at the widest.
 *
 * <p>f_i is the sum of non-negative steps from one width to the next narrower one, fitted by ridge least squares with
 * projected coordinate descent. The ridge of a step to width w is {@code (NOISE / (SCALE 2^-w))^2}: what an unmeasured
 * step costs is near nothing for wide cells and left to the measurements for narrow ones. A drop at or beyond the cap
 * counts as "at least the cap": by how much a useless model is useless must not bend the fit near the constraint.
 */
final class MonotonePenalty {

    private static final double NOISE = 0.3;
    private static final double SCALE = 10;
    private static final int SWEEPS = 60;

    private final SearchSpace space;
    private final double cap;
    private final double[][] steps;
    private double constant;

    private MonotonePenalty(SearchSpace space, double cap) {
        this.space = space;
        this.cap = cap;
        this.steps = space.dimensions().stream()
                .map(dimension -> new double[dimension.choices().size() - 1])
                .toArray(double[][]::new);
    }

    /**
     * @param drops one per configuration, percentage points
     * @param cap largest drop that is told from larger ones
     */
    static MonotonePenalty fit(SearchSpace space, List<List<Integer>> configurations, double[] drops, double cap) {
        MonotonePenalty model = new MonotonePenalty(space, cap);
        int[][] levels = configurations.stream().map(model::levels).toArray(int[][]::new);
        double[] predicted = new double[drops.length];
        boolean[] all = new boolean[drops.length];
        Arrays.fill(all, true);
        for (int sweep = 0; sweep < SWEEPS; sweep++) {
            model.constant += model.move(all, 0, Double.MAX_VALUE, drops, predicted);
            for (int i = 0; i < model.steps.length; i++) {
                model.sweep(i, levels, drops, predicted);
            }
        }
        return model;
    }

    private void sweep(int i, int[][] levels, double[] drops, double[] predicted) {
        List<Integer> choices = space.dimensions().get(i).choices();
        boolean[] narrow = new boolean[drops.length];
        for (int j = 0; j < steps[i].length; j++) {
            for (int n = 0; n < narrow.length; n++) {
                narrow[n] = levels[n][i] <= j;
            }
            double deviation = NOISE / (SCALE * Math.pow(2, -choices.get(j)));
            steps[i][j] += move(narrow, deviation * deviation, steps[i][j], drops, predicted);
        }
    }

    /** Newton step, by at most {@code -value}, of the coefficient shared by {@code members}; moves their predictions. */
    private double move(boolean[] members, double ridge, double value, double[] drops, double[] predicted) {
        double gradient = -ridge * value;
        double curvature = ridge;
        for (int n = 0; n < drops.length; n++) {
            if (members[n]) {
                gradient += residual(drops[n], predicted[n]);
                curvature++;
            }
        }
        double delta = Math.max(gradient / curvature, -value);
        for (int n = 0; n < drops.length; n++) {
            if (members[n]) {
                predicted[n] += delta;
            }
        }
        return delta;
    }

    /** Measured minus predicted drop; 0 where both are at or beyond the cap. */
    double residual(double drop, double predicted) {
        return drop < cap ? drop - predicted : Math.max(0, cap - predicted);
    }

    double predict(List<Integer> bits) {
        double drop = constant;
        int[] levels = levels(bits);
        for (int i = 0; i < steps.length; i++) {
            for (int j = levels[i]; j < steps[i].length; j++) {
                drop += steps[i][j];
            }
        }
        return drop;
    }

    private int[] levels(List<Integer> bits) {
        int[] levels = new int[steps.length];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = space.dimensions().get(i).choices().indexOf(bits.get(i));
        }
        return levels;
    }
}
