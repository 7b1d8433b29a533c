package org.sgquant.search;

import java.util.Arrays;
import java.util.List;

/**
 * Drop predicted as {@code c + sum over cells of f_i(width)}, each f_i falling with the width and zero at the widest:
 * among integers and among floats, the widest of which is any step, up or down, from the widest integer.
 *
 * <p>f_i is the sum of non-negative steps from one width to the next narrower one, fitted by ridge least squares with
 * projected coordinate descent. The ridge of a step to a width of w significant bits is {@code (NOISE / (SCALE 2^-w))^2}:
 * what an unmeasured step costs is near nothing for wide cells and left to the measurements for narrow ones. A drop at or
 * beyond the cap counts as "at least the cap": by how much a useless model is useless must not bend the fit near the constraint.
 *
 * <p>Where losses of every choice were estimated beforehand, a step is drawn to {@code s max(0, loss of w - loss of the
 * next wider width)} instead of to 0, and may deviate by half of that; the scale s is what the measured drops say that
 * an estimated loss is worth: estimates of another unit, and hopeful ones, are corrected by it. Cells without estimates
 * are drawn to 0 as above, and so are all where the drops cannot tell the scale.
 */
final class MonotonePenalty {

    private static final double NOISE = 0.3;
    private static final double SCALE = 10;

    /** Of a step from its estimate, points. */
    private static final double LEAST_DEVIATION = 0.1;

    private static final int SWEEPS = 60;

    private final SearchSpace space;
    private final double cap;

    /** By cell and choice: the step from the next wider choice to this one, 0 for the widest of all. */
    private final double[][] steps;

    /** The place of that wider choice, -1 for the widest of all. */
    private final int[][] next;

    /** Whether a step may go down, too. */
    private final boolean[][] free;

    /** What steps are drawn to. */
    private final double[][] centres;

    private final boolean[] estimated;
    private double constant;

    private MonotonePenalty(SearchSpace space, double cap, double[][] losses) {
        this.space = space;
        this.cap = cap;
        int cells = space.dimensions().size();
        this.steps = new double[cells][];
        this.next = new int[cells][];
        this.free = new boolean[cells][];
        this.centres = new double[cells][];
        this.estimated = new boolean[cells];
        for (int i = 0; i < cells; i++) {
            chain(i, space.dimensions().get(i));
            estimated[i] = losses.length > 0 && losses[i].length > 0;
            for (int j = 0; estimated[i] && j < steps[i].length; j++) {
                double step = next[i][j] < 0 ? 0 : losses[i][j] - losses[i][next[i][j]];
                steps[i][j] = free[i][j] ? step : Math.max(0, step);
            }
        }
    }

    private void chain(int i, SearchSpace.Dimension dimension) {
        int choices = dimension.choices().size();
        steps[i] = new double[choices];
        next[i] = new int[choices];
        free[i] = new boolean[choices];
        for (int j = 0; j < choices; j++) {
            int wider = dimension.wider(j);
            free[i][j] = wider < 0 && j != dimension.widest();
            next[i][j] = free[i][j] ? dimension.widest() : wider;
        }
    }

    /**
     * @param drops one per configuration, percentage points
     * @param cap largest drop that is told from larger ones
     * @param losses estimated beforehand, {@code [dimension][choice]}, in any unit; empty, or with empty rows, where
     *     there are none
     */
    static MonotonePenalty fit(
            SearchSpace space, List<List<Integer>> configurations, double[] drops, double cap, double[][] losses) {
        MonotonePenalty model = new MonotonePenalty(space, cap, losses);
        int[][] levels = configurations.stream().map(model::levels).toArray(int[][]::new);
        model.centre(configurations, drops);
        double[] predicted = configurations.stream().mapToDouble(model::predict).toArray();
        boolean[] all = new boolean[drops.length];
        Arrays.fill(all, true);
        for (int sweep = 0; sweep < SWEEPS; sweep++) {
            model.constant += model.move(all, 0, 0, Double.MAX_VALUE, drops, predicted);
            for (int i = 0; i < model.steps.length; i++) {
                model.sweep(i, levels, drops, predicted);
            }
        }
        return model;
    }

    /** Points that a width, as yet unmeasured, may well lose. */
    private static double prior(int width) {
        return SCALE * Math.pow(2, -Widths.precision(width));
    }

    /** {@code losses} with a prior in place of empty rows, scaled to the others by least squares of all that is known. */
    static double[][] filled(SearchSpace space, double[][] losses) {
        double[][] filled = new double[losses.length][];
        double product = 0;
        double square = 0;
        for (int i = 0; i < filled.length; i++) {
            List<Integer> choices = space.dimensions().get(i).choices();
            int widest = space.dimensions().get(i).widest();
            filled[i] = choices.stream()
                    .mapToDouble(width -> prior(width) - prior(choices.get(widest)))
                    .toArray();
            for (int c = 0; c < losses[i].length; c++) {
                product += filled[i][c] * Math.max(0, losses[i][c] - losses[i][widest]);
                square += filled[i][c] * filled[i][c];
            }
        }
        double scale = product == 0 ? 1 : product / square;
        for (int i = 0; i < filled.length; i++) {
            double[] prior = filled[i];
            filled[i] = losses[i].length > 0
                    ? losses[i]
                    : Arrays.stream(prior).map(loss -> scale * loss).toArray();
        }
        return filled;
    }

    private void sweep(int i, int[][] levels, double[] drops, double[] predicted) {
        List<Integer> choices = space.dimensions().get(i).choices();
        boolean[] narrow = new boolean[drops.length];
        for (int j = 0; j < steps[i].length; j++) {
            if (next[i][j] < 0) {
                continue;
            }
            boolean[] through = through(i, j);
            for (int n = 0; n < narrow.length; n++) {
                narrow[n] = through[levels[n][i]];
            }
            double deviation = estimated[i] ? LEAST_DEVIATION + Math.abs(centres[i][j]) / 2 : prior(choices.get(j));
            double ridge = Math.pow(NOISE / deviation, 2);
            double most = free[i][j] ? Double.MAX_VALUE : steps[i][j];
            steps[i][j] += move(narrow, ridge, steps[i][j] - centres[i][j], most, drops, predicted);
        }
    }

    /** Whether the drop of each choice of cell {@code i} has the step to choice {@code j} in it. */
    private boolean[] through(int i, int j) {
        boolean[] through = new boolean[next[i].length];
        for (int c = 0; c < through.length; c++) {
            int at = c;
            while (at >= 0 && at != j) {
                at = next[i][at];
            }
            through[c] = at == j;
        }
        return through;
    }

    /** Scales the estimated losses to the drops, by least squares of those below the cap, and begins with them. */
    private void centre(List<List<Integer>> configurations, double[] drops) {
        double product = 0;
        double square = 0;
        for (int n = 0; n < drops.length; n++) {
            double loss = predict(configurations.get(n));
            if (drops[n] < cap) {
                product += loss * Math.max(drops[n], 0);
                square += loss * loss;
            }
        }
        if (square == 0) {
            Arrays.fill(estimated, false);
        }
        double scale = square == 0 ? 0 : Math.max(0, product / square);
        for (int i = 0; i < steps.length; i++) {
            for (int j = 0; j < steps[i].length; j++) {
                steps[i][j] *= scale;
            }
            centres[i] = steps[i].clone();
        }
    }

    /** What each choice of each dimension adds to the drop. */
    double[][] losses() {
        double[][] losses = new double[steps.length][];
        for (int i = 0; i < losses.length; i++) {
            losses[i] = new double[steps[i].length];
            for (int j = 0; j < losses[i].length; j++) {
                losses[i][j] = loss(i, j);
            }
        }
        return losses;
    }

    private double loss(int i, int j) {
        return next[i][j] < 0 ? 0 : loss(i, next[i][j]) + steps[i][j];
    }

    /**
     * Newton step, by at most {@code -value}, of the coefficient shared by {@code members}, which is {@code off} what it is
     * drawn to; moves their predictions.
     */
    private double move(boolean[] members, double ridge, double off, double value, double[] drops, double[] predicted) {
        double gradient = -ridge * off;
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
            for (int j = levels[i]; j >= 0; j = next[i][j]) {
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
