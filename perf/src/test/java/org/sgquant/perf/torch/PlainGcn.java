package org.sgquant.perf.torch;

import java.util.ArrayList;
import java.util.List;
import org.sgquant.perf.peer.PeerGcn;
import org.sgquant.tensor.FloatMatrix;

/** {@link PeerGcn} in double by plain loops; its gradients are differences of its loss. */
final class PlainGcn {

    private static final double STEP = 1e-5;
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;

    private final double[][] a;
    private final double[][] x;
    private final List<double[][]> parameters = new ArrayList<>();
    private final List<double[][]> first = new ArrayList<>();
    private final List<double[][]> second = new ArrayList<>();
    private int steps;

    PlainGcn(PeerGcn gcn) {
        int n = gcn.graph().numRows();
        a = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int e = gcn.graph().rowPtr().get(i); e < gcn.graph().rowPtr().get(i + 1); e++) {
                a[i][gcn.graph().colIdx().get(e)] += gcn.norm().get(0, e);
            }
        }
        x = copy(gcn.x());
        for (FloatMatrix m : List.of(gcn.w1(), gcn.b1(), gcn.w2(), gcn.b2())) {
            parameters.add(copy(m));
            first.add(new double[m.rows()][m.cols()]);
            second.add(new double[m.rows()][m.cols()]);
        }
    }

    private static double[][] copy(FloatMatrix m) {
        double[][] values = new double[m.rows()][m.cols()];
        for (int r = 0; r < m.rows(); r++) {
            for (int c = 0; c < m.cols(); c++) {
                values[r][c] = m.get(r, c);
            }
        }
        return values;
    }

    private static double[][] product(double[][] a, double[][] b) {
        double[][] c = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int k = 0; k < b.length; k++) {
                for (int j = 0; j < b[0].length; j++) {
                    c[i][j] += a[i][k] * b[k][j];
                }
            }
        }
        return c;
    }

    private double[][] layer(double[][] h, int weight) {
        double[][] result = product(a, product(h, parameters.get(weight)));
        for (double[] row : result) {
            for (int c = 0; c < row.length; c++) {
                row[c] += parameters.get(weight + 1)[0][c];
            }
        }
        return result;
    }

    double[][] logits() {
        double[][] hidden = layer(x, 0);
        for (double[] row : hidden) {
            for (int c = 0; c < row.length; c++) {
                row[c] = Math.max(row[c], 0);
            }
        }
        return layer(hidden, 2);
    }

    private double loss(int[] labels, int[] nodes) {
        double[][] logits = logits();
        double sum = 0;
        for (int i : nodes) {
            double exps = 0;
            for (double logit : logits[i]) {
                exps += Math.exp(logit);
            }
            sum += Math.log(exps) - logits[i][labels[i]];
        }
        return sum / nodes.length;
    }

    double accuracy(int[] labels, int[] nodes) {
        double[][] logits = logits();
        int right = 0;
        for (int i : nodes) {
            int best = 0;
            for (int c = 1; c < logits[i].length; c++) {
                best = logits[i][c] > logits[i][best] ? c : best;
            }
            right += best == labels[i] ? 1 : 0;
        }
        return (double) right / nodes.length;
    }

    /** A step of Adam with decay of the first layer; returns the loss before it. */
    double epoch(int[] labels, int[] nodes, double rate, double decay) {
        double loss = loss(labels, nodes);
        List<double[][]> gradients = new ArrayList<>();
        for (double[][] p : parameters) {
            gradients.add(gradient(p, labels, nodes));
        }
        steps++;
        for (int i = 0; i < parameters.size(); i++) {
            double[][] p = parameters.get(i);
            for (int r = 0; r < p.length; r++) {
                for (int c = 0; c < p[r].length; c++) {
                    double g = gradients.get(i)[r][c] + (i < 2 ? decay : 0) * p[r][c];
                    double[] m = first.get(i)[r];
                    double[] v = second.get(i)[r];
                    m[c] = BETA1 * m[c] + (1 - BETA1) * g;
                    v[c] = BETA2 * v[c] + (1 - BETA2) * g * g;
                    double mean = m[c] / (1 - Math.pow(BETA1, steps));
                    double size = Math.sqrt(v[c] / (1 - Math.pow(BETA2, steps)));
                    p[r][c] -= rate * mean / (size + 1e-8);
                }
            }
        }
        return loss;
    }

    private double[][] gradient(double[][] p, int[] labels, int[] nodes) {
        double[][] g = new double[p.length][p[0].length];
        for (int r = 0; r < p.length; r++) {
            for (int c = 0; c < p[r].length; c++) {
                double value = p[r][c];
                p[r][c] = value + STEP;
                double above = loss(labels, nodes);
                p[r][c] = value - STEP;
                double below = loss(labels, nodes);
                p[r][c] = value;
                g[r][c] = (above - below) / (2 * STEP);
            }
        }
        return g;
    }
}
