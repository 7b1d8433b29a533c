package org.sgquant.kernels.reference;

import org.sgquant.kernels.FloatShapes;
import org.sgquant.kernels.LossOps;
import org.sgquant.kernels.LossShapes;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** {@link LossOps} as the formulas say, in double. */
public final class ReferenceLossOps implements LossOps {

    @Override
    public void correctedCrossEntropy(
            FloatMatrix logits,
            IntArray labels,
            IntArray nodes,
            Correction correction,
            FloatMatrix matrix,
            FloatMatrix grad,
            FloatMatrix metrics) {
        LossShapes.requireCorrected(logits, labels, matrix, grad, metrics);
        int classes = logits.cols();
        float[][] all = new float[logits.rows()][classes];
        double loss = 0;
        int right = 0;
        for (int n = 0; n < nodes.size(); n++) {
            int node = nodes.get(n);
            FloatShapes.requireNode(logits, node);
            int label = labels.get(node);
            FloatShapes.requireLabel(logits, node, label);
            double[] logs = logSoftmax(logits.row(node), 1);
            double[] g = new double[classes];
            loss += correction == Correction.FORWARD
                    ? forward(logs, label, matrix, g)
                    : backward(logs, label, matrix, g);
            for (int j = 0; j < classes; j++) {
                all[node][j] = (float) (g[j] / nodes.size());
            }
            right += firstMax(logits.row(node)) == label ? 1 : 0;
        }
        for (int i = 0; grad != null && i < all.length; i++) {
            grad.setRow(i, all[i]);
        }
        metrics.set(0, 0, nodes.size() == 0 ? 0 : (float) (loss / nodes.size()));
        metrics.set(0, 1, right);
    }

    private static double forward(double[] logs, int label, FloatMatrix noise, double[] grad) {
        double s = 0;
        for (int k = 0; k < logs.length; k++) {
            s += noise.get(k, label) * Math.exp(logs[k]);
        }
        for (int j = 0; j < logs.length; j++) {
            grad[j] = Math.exp(logs[j]) * (1 - noise.get(j, label) / s);
        }
        return -Math.log(s);
    }

    private static double backward(double[] logs, int label, FloatMatrix inverse, double[] grad) {
        double loss = 0;
        double share = 0;
        for (int k = 0; k < logs.length; k++) {
            loss -= inverse.get(label, k) * logs[k];
            share += inverse.get(label, k);
        }
        for (int j = 0; j < logs.length; j++) {
            grad[j] = share * Math.exp(logs[j]) - inverse.get(label, j);
        }
        return loss;
    }

    @Override
    public void distill(
            FloatMatrix logits,
            FloatMatrix teacher,
            float temperature,
            float weight,
            FloatMatrix labelGrad,
            FloatMatrix grad,
            FloatMatrix metrics) {
        LossShapes.requireDistill(logits, teacher, temperature, weight, labelGrad, grad, metrics);
        double loss = 0;
        for (int i = 0; i < logits.rows(); i++) {
            double[] p = logSoftmax(teacher.row(i), temperature);
            double[] q = logSoftmax(logits.row(i), temperature);
            for (int j = 0; j < p.length; j++) {
                loss += Math.exp(p[j]) * (p[j] - q[j]);
                double soft = temperature * (Math.exp(q[j]) - Math.exp(p[j])) / logits.rows();
                grad.set(i, j, (float) ((1.0 - weight) * labelGrad.get(i, j) + weight * soft));
            }
        }
        double mean = logits.rows() == 0 ? 0 : (double) temperature * temperature * loss / logits.rows();
        metrics.set(0, 0, (float) ((1.0 - weight) * metrics.get(0, 0) + weight * mean));
    }

    private static double[] logSoftmax(float[] row, double temperature) {
        double max = Double.NEGATIVE_INFINITY;
        for (float x : row) {
            max = Math.max(max, x / temperature);
        }
        double sum = 0;
        for (float x : row) {
            sum += Math.exp(x / temperature - max);
        }
        double[] logs = new double[row.length];
        for (int j = 0; j < row.length; j++) {
            logs[j] = row[j] / temperature - max - Math.log(sum);
        }
        return logs;
    }

    private static int firstMax(float[] row) {
        int best = 0;
        for (int j = 1; j < row.length; j++) {
            best = row[j] > row[best] ? j : best;
        }
        return best;
    }
}
