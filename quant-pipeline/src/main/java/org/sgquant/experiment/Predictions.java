package org.sgquant.experiment;

import org.sgquant.kernels.NonFiniteException;
import org.sgquant.train.Metrics;

/** What follows from logits on the host. */
public final class Predictions {

    private Predictions() {}

    /** Class of the largest logit, the lowest class on a tie. */
    public static int argmax(float[] logits) {
        int best = 0;
        for (int c = 1; c < logits.length; c++) {
            if (logits[c] > logits[best]) {
                best = c;
            }
        }
        return best;
    }

    /** Softmax of one row, computed in double. */
    public static double[] softmax(float[] logits) {
        double max = logits[argmax(logits)];
        double[] p = new double[logits.length];
        double sum = 0;
        for (int c = 0; c < p.length; c++) {
            p[c] = Math.exp(logits[c] - max);
            sum += p[c];
        }
        for (int c = 0; c < p.length; c++) {
            p[c] /= sum;
        }
        return p;
    }

    /**
     * Mean cross-entropy and accuracy in percent over {@code nodes}.
     *
     * @throws NonFiniteException where a logit of these nodes is not finite: the class of NaN would be the lowest
     */
    public static Metrics metrics(float[][] logits, int[] labels, int[] nodes) {
        double loss = 0;
        int right = 0;
        for (int node : nodes) {
            requireFinite(node, logits[node]);
            loss -= Math.log(Math.max(softmax(logits[node])[labels[node]], Double.MIN_NORMAL));
            right += argmax(logits[node]) == labels[node] ? 1 : 0;
        }
        return nodes.length == 0 ? new Metrics(0, 0) : new Metrics(loss / nodes.length, 100.0 * right / nodes.length);
    }

    private static void requireFinite(int node, float[] logits) {
        for (int c = 0; c < logits.length; c++) {
            if (!Float.isFinite(logits[c])) {
                throw NonFiniteException.ofLogits(node, c, logits[c]);
            }
        }
    }
}
