package org.sgquant.kernels.reference;

import org.sgquant.kernels.AdamStep;
import org.sgquant.kernels.LearnedQuantOps;
import org.sgquant.kernels.LearnedStep;
import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;

/** {@link LearnedQuantOps} in plain loops, sums in double. */
public final class ReferenceLearnedQuantOps implements LearnedQuantOps {

    @Override
    public void backward(FloatMatrix x, LearnedRanges ranges, FloatMatrix gradY, FloatMatrix gradX) {
        QuantScheme scheme = ranges.scheme();
        PackedShapes.requireLearned(x, ranges, gradY, gradX);
        for (int b = 0; b < scheme.blocks().size(); b++) {
            for (int i = 0; i < ranges.error().cols(); i++) {
                int from = ranges.perColumn() ? i : 0;
                int to = ranges.perColumn() ? i + 1 : scheme.cols();
                sum(x, ranges, gradY, b, i, from, to);
            }
        }
        if (gradX != null) {
            ReferenceQuantizer.fakeQuantizeBackward(x, scheme, gradY, gradX);
        }
    }

    /** Sums of scale {@code i} of block {@code b}, which rules columns [from, to). */
    private static void sum(FloatMatrix x, LearnedRanges ranges, FloatMatrix gradY, int b, int i, int from, int to) {
        QuantScheme scheme = ranges.scheme();
        Block block = scheme.blocks().get(b);
        double scaleSum = 0;
        double offsetSum = 0;
        double error = 0;
        for (int r = block.rowStart(); r < block.rowEnd() && block.bits().isPacked(); r++) {
            for (int c = from; c < to; c++) {
                float g = gradY.get(r, c);
                float t = ReferenceQuantizer.normalised(x.get(r, c), scheme, block, r, c, 1);
                float u = ReferenceQuantizer.rounded(x.get(r, c), scheme, block, r, c, 1);
                boolean inside = t >= 0 && t <= block.bits().maxCode();
                scaleSum += (double) g * (inside ? u - t : u);
                offsetSum += inside ? 0 : g;
                double scale = block.params().scale().get(0, i);
                error += Math.abs((double) g * (scale * ((double) u - t)));
            }
        }
        ranges.gradient().set(2 * b, i, (float) scaleSum);
        ranges.gradient().set(2 * b + 1, i, (float) offsetSum);
        ranges.error().set(b, i, (float) (ranges.error().get(b, i) + error));
    }

    @Override
    public void addError(FloatMatrix x, FloatMatrix y, LearnedRanges ranges, FloatMatrix gradY) {
        PackedShapes.requireError(x, y, ranges, gradY);
        for (int b = 0; b < ranges.scheme().blocks().size(); b++) {
            Block block = ranges.scheme().blocks().get(b);
            double[] error = new double[ranges.error().cols()];
            for (int r = block.rowStart(); r < block.rowEnd() && block.bits().isPacked(); r++) {
                for (int c = 0; c < x.cols(); c++) {
                    double off = (double) y.get(r, c) - x.get(r, c);
                    error[ranges.perColumn() ? c : 0] += Math.abs(gradY.get(r, c) * off);
                }
            }
            for (int i = 0; i < error.length; i++) {
                ranges.gradient().set(2 * b, i, 0);
                ranges.gradient().set(2 * b + 1, i, 0);
                ranges.error().set(b, i, (float) (ranges.error().get(b, i) + error[i]));
            }
        }
    }

    @Override
    public void step(LearnedRanges ranges, float rateFactor, StepState state) {
        LearnedStep.apply(ranges, rateFactor, AdamStep.of(state));
    }
}
