package org.sgquant.autograd;

import org.sgquant.data.Dataset;

/** GAT and AGNN. */
abstract class DoubleAttention extends DoubleNetwork {

    DoubleAttention(Dataset d) {
        super(d);
    }

    /** Score of the edge from j to i. */
    interface Score {
        double of(int i, int j);
    }

    /** {@code out_i = sum over j of softmax_j(score_ij) x_j}, added to columns [from, to) of {@code out}. */
    final void attend(Score score, double[][] x, int from, int to, double[][] out) {
        int n = x.length;
        for (int i = 0; i < n; i++) {
            double sum = 0;
            for (int j = 0; j < n; j++) {
                sum += edge[i][j] ? Math.exp(score.of(i, j)) : 0;
            }
            for (int j = 0; j < n; j++) {
                double alpha = edge[i][j] ? Math.exp(score.of(i, j)) / sum : 0;
                for (int c = from; c < to; c++) {
                    out[i][c] += alpha * x[j][c];
                }
            }
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int c = 0; c < a.length; c++) {
            sum += a[c] * b[c];
        }
        return sum;
    }

    /** Parameters are W, target and source vectors per head, b of each layer. */
    static final class Gat extends DoubleAttention {

        Gat(Dataset d) {
            super(d);
        }

        @Override
        double[][] logits(double[][][] parameters) {
            double[][] h = features;
            for (int p = 0; p < parameters.length; p += 4) {
                double[][] m = product(h, parameters[p]);
                double[][] out = new double[m.length][m[0].length];
                int width = parameters[p + 1][0].length;
                for (int head = 0; head < parameters[p + 1].length; head++) {
                    double[] l = project(m, parameters[p + 1][head], head * width);
                    double[] r = project(m, parameters[p + 2][head], head * width);
                    Score leaky = (i, j) -> l[i] + r[j] > 0 ? l[i] + r[j] : 0.2f * (l[i] + r[j]);
                    attend(leaky, m, head * width, (head + 1) * width, out);
                }
                h = addBias(out, parameters[p + 3]);
                for (int i = 0; i < h.length && p + 4 < parameters.length; i++) {
                    for (int c = 0; c < h[i].length; c++) {
                        h[i][c] = h[i][c] > 0 ? h[i][c] : Math.expm1(h[i][c]);
                    }
                }
            }
            return h;
        }

        private static double[] project(double[][] m, double[] a, int from) {
            double[] out = new double[m.length];
            for (int i = 0; i < m.length; i++) {
                for (int f = 0; f < a.length; f++) {
                    out[i] += m[i][from + f] * a[f];
                }
            }
            return out;
        }
    }

    /** Parameters are W, b, beta of every propagation layer but the first, W', b'. */
    static final class Agnn extends DoubleAttention {

        Agnn(Dataset d) {
            super(d);
        }

        @Override
        double[][] logits(double[][][] parameters) {
            double[][] h = relu(addBias(product(features, parameters[0]), parameters[1]));
            for (int p = 1; p < parameters.length - 2; p++) {
                double beta = p == 1 ? 1 : parameters[p][0][0];
                double[][] x = h;
                double[][] out = new double[x.length][x[0].length];
                attend((i, j) -> beta * cosine(x[i], x[j]), x, 0, x[0].length, out);
                h = out;
            }
            return addBias(product(h, parameters[parameters.length - 2]), parameters[parameters.length - 1]);
        }

        private static double cosine(double[] a, double[] b) {
            double norms = Math.sqrt(dot(a, a) * dot(b, b));
            return norms == 0 ? 0 : dot(a, b) / norms;
        }
    }
}
