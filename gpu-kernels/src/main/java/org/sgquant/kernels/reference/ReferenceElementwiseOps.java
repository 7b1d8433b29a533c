package org.sgquant.kernels.reference;

import org.sgquant.kernels.AdamStep;
import org.sgquant.kernels.CounterRandom;
import org.sgquant.kernels.ElementwiseOps;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** {@link ElementwiseOps} in plain loops; sums, exponentials and the Adam step in double. */
public final class ReferenceElementwiseOps implements ElementwiseOps {

    /** Value of element (i, j). */
    @FunctionalInterface
    private interface Element {
        float at(int i, int j);
    }

    private static void fill(FloatMatrix out, Element element) {
        for (int i = 0; i < out.rows(); i++) {
            for (int j = 0; j < out.cols(); j++) {
                out.set(i, j, element.at(i, j));
            }
        }
    }

    @Override
    public void zero(FloatMatrix out) {
        fill(out, (i, j) -> 0);
    }

    @Override
    public void copy(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "copy: out");
        fill(out, x::get);
    }

    @Override
    public void add(FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        FloatShapes.requireSame(a, b, "add: b");
        FloatShapes.requireSame(a, out, "add: out");
        fill(out, (i, j) -> a.get(i, j) + b.get(i, j));
    }

    @Override
    public void scaleRows(FloatMatrix x, FloatMatrix factor, FloatMatrix out) {
        FloatShapes.requireScaleRows(x, factor, out);
        fill(out, (i, j) -> factor.get(0, i) * x.get(i, j));
    }

    @Override
    public void addBias(FloatMatrix x, FloatMatrix bias, FloatMatrix out) {
        FloatShapes.requireAddBias(x, bias, out);
        fill(out, (i, j) -> x.get(i, j) + bias.get(0, j));
    }

    @Override
    public void sumRows(FloatMatrix x, FloatMatrix out) {
        out.requireShape(1, x.cols(), "sumRows: out");
        for (int j = 0; j < x.cols(); j++) {
            double sum = 0;
            for (int i = 0; i < x.rows(); i++) {
                sum += x.get(i, j);
            }
            out.set(0, j, (float) sum);
        }
    }

    @Override
    public void relu(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "relu: out");
        fill(out, (i, j) -> Math.max(x.get(i, j), 0));
    }

    @Override
    public void reluBackward(FloatMatrix y, FloatMatrix gradY, FloatMatrix gradX) {
        FloatShapes.requireSame(y, gradY, "reluBackward: gradY");
        FloatShapes.requireSame(y, gradX, "reluBackward: gradX");
        fill(gradX, (i, j) -> y.get(i, j) > 0 ? gradY.get(i, j) : 0);
    }

    @Override
    public void clipBackward(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradX) {
        FloatShapes.requireSame(x, gradY, "clipBackward: gradY");
        FloatShapes.requireSame(x, gradX, "clipBackward: gradX");
        fill(gradX, (i, j) -> Math.abs(x.get(i, j)) <= 1 ? gradY.get(i, j) : 0);
    }

    @Override
    public void dropout(FloatMatrix x, float rate, int stream, StepState state, FloatMatrix out) {
        FloatShapes.requireDropout(x, rate, out);
        long key = CounterRandom.key(state.seed(), state.step(), stream);
        int threshold = CounterRandom.threshold(rate);
        float factor = 1f / (1f - rate);
        fill(out, (i, j) -> CounterRandom.keep(key, i * x.cols() + j, threshold) ? x.get(i, j) * factor : 0);
    }

    @Override
    public void selectRows(
            FloatMatrix probability, int stream, StepState state, FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        FloatShapes.requireSelectRows(probability, a, b, out);
        long key = CounterRandom.key(state.seed(), state.step(), stream);
        fill(out, (i, j) -> {
            FloatMatrix chosen = CounterRandom.uniform(key, i) < probability.get(0, i) ? a : b;
            return chosen == null ? 0 : chosen.get(i, j);
        });
    }

    @Override
    public void softmaxCrossEntropy(
            FloatMatrix logits, IntArray labels, IntArray nodes, FloatMatrix grad, FloatMatrix metrics) {
        FloatShapes.requireCrossEntropy(logits, labels, grad, metrics);
        if (grad != null) {
            zero(grad);
        }
        double loss = 0;
        int right = 0;
        for (int n = 0; n < nodes.size(); n++) {
            int node = nodes.get(n);
            FloatShapes.requireNode(logits, node);
            int label = labels.get(node);
            FloatShapes.requireLabel(logits, node, label);
            double[] p = softmax(logits.row(node));
            loss -= logits.get(node, label) - logSumExp(logits.row(node));
            right += firstMax(logits.row(node)) == label ? 1 : 0;
            for (int j = 0; grad != null && j < p.length; j++) {
                grad.set(node, j, (float) ((p[j] - (j == label ? 1 : 0)) / nodes.size()));
            }
        }
        metrics.set(0, 0, nodes.size() == 0 ? 0 : (float) (loss / nodes.size()));
        metrics.set(0, 1, right);
    }

    @Override
    public void softmax(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "softmax: out");
        for (int i = 0; i < x.rows(); i++) {
            double[] p = softmax(x.row(i));
            for (int j = 0; j < p.length; j++) {
                out.set(i, j, (float) p[j]);
            }
        }
    }

    private static double[] softmax(float[] row) {
        double logSum = logSumExp(row);
        double[] p = new double[row.length];
        for (int j = 0; j < row.length; j++) {
            p[j] = Math.exp(row[j] - logSum);
        }
        return p;
    }

    private static double logSumExp(float[] row) {
        double max = Double.NEGATIVE_INFINITY;
        for (float x : row) {
            max = Math.max(max, x);
        }
        double sum = 0;
        for (float x : row) {
            sum += Math.exp(x - max);
        }
        return max + Math.log(sum);
    }

    private static int firstMax(float[] row) {
        int best = 0;
        for (int j = 1; j < row.length; j++) {
            best = row[j] > row[best] ? j : best;
        }
        return best;
    }

    @Override
    public void adam(
            FloatMatrix p, FloatMatrix grad, FloatMatrix m, FloatMatrix v, float weightDecay, StepState state) {
        FloatShapes.requireAdam(p, grad, m, v);
        AdamStep step = AdamStep.of(state);
        for (int i = 0; i < p.rows(); i++) {
            for (int j = 0; j < p.cols(); j++) {
                double g = grad.get(i, j) + (double) weightDecay * p.get(i, j);
                double newM = AdamStep.BETA1 * m.get(i, j) + (1 - AdamStep.BETA1) * g;
                double newV = AdamStep.BETA2 * v.get(i, j) + (1 - AdamStep.BETA2) * g * g;
                double change = step.rate() * newM / (Math.sqrt(newV * step.correction2()) + AdamStep.EPSILON);
                m.set(i, j, (float) newM);
                v.set(i, j, (float) newV);
                p.set(i, j, (float) (p.get(i, j) - change));
            }
        }
    }

    @Override
    public void nextStep(StepState state) {
        state.set(state.seed(), state.step() + 1, state.learningRate());
    }
}
