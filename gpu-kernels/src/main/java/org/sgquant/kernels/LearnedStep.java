package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.QuantScheme.Block;

/** {@link LearnedQuantOps#step} in host memory, in double: a few numbers per cell, so that every host backend shares it. */
public final class LearnedStep {

    private LearnedStep() {}

    /** Moves every scale and offset of {@code ranges}. */
    public static void apply(LearnedRanges ranges, float rateFactor, AdamStep step) {
        for (int b = 0; b < ranges.scheme().blocks().size(); b++) {
            Block block = ranges.scheme().blocks().get(b);
            if (!ranges.isLearned(block)) {
                continue;
            }
            FloatMatrix scales = block.params().scale();
            FloatMatrix offsets = block.params().offset();
            double factor = ranges.gradientScale(block);
            for (int i = 0; i < scales.cols(); i++) {
                double scale = scales.get(0, i);
                double d = rateFactor * adam(ranges, 2 * b, i, factor * scale, step);
                double dOffset = rateFactor * adam(ranges, 2 * b + 1, i, factor * scale, step);
                float moved = (float) (scale * Math.exp(-d));
                scales.set(0, i, Math.min(Math.max(moved, Float.MIN_NORMAL), Float.MAX_VALUE));
                offsets.set(0, i, (float) (offsets.get(0, i) - scale * dOffset));
            }
        }
    }

    private static double adam(LearnedRanges ranges, int row, int i, double factor, AdamStep step) {
        double g = factor * ranges.gradient().get(row, i);
        double m = AdamStep.BETA1 * ranges.m().get(row, i) + (1 - AdamStep.BETA1) * g;
        double v = AdamStep.BETA2 * ranges.v().get(row, i) + (1 - AdamStep.BETA2) * g * g;
        ranges.m().set(row, i, (float) m);
        ranges.v().set(row, i, (float) v);
        return step.rate() * m / (Math.sqrt(v * step.correction2()) + AdamStep.EPSILON);
    }
}
