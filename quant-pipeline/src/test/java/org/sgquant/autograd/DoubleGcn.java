package org.sgquant.autograd;

import org.sgquant.data.Dataset;
import org.sgquant.data.OwnGraph;

/** A GCN in plain double arithmetic on dense matrices, relu between layers: what the kernels are checked against. */
final class DoubleGcn {

    private final double[][] norm;
    private final double[][] features;
    private final int[] labels;
    private final int[] train;

    DoubleGcn(Dataset d) {
        int n = d.numNodes();
        this.norm = new double[n][n];
        for (int i = 0; i < n; i++) {
            norm[i][i] = 1.0 / (d.graph().degree(i) + 1);
            for (int e = d.graph().rowPtr().get(i); e < d.graph().rowPtr().get(i + 1); e++) {
                int j = d.graph().colIdx().get(e);
                norm[i][j] =
                        1 / Math.sqrt((d.graph().degree(i) + 1.0) * (d.graph().degree(j) + 1.0));
            }
        }
        double[] flat = OwnGraph.dense(d);
        this.features = new double[n][d.numFeatures()];
        for (int i = 0; i < n; i++) {
            System.arraycopy(flat, i * d.numFeatures(), features[i], 0, d.numFeatures());
        }
        this.labels = d.labels();
        this.train = d.split().train();
    }

    /** Mean cross-entropy of the training nodes; {@code parameters} are W, b of each layer. */
    double loss(double[][][] parameters) {
        double[][] h = features;
        for (int p = 0; p < parameters.length; p += 2) {
            h = product(norm, product(h, parameters[p]));
            for (double[] row : h) {
                for (int c = 0; c < row.length; c++) {
                    double y = row[c] + parameters[p + 1][0][c];
                    row[c] = p + 2 < parameters.length ? Math.max(y, 0) : y;
                }
            }
        }
        double loss = 0;
        for (int node : train) {
            double sum = 0;
            for (double logit : h[node]) {
                sum += Math.exp(logit);
            }
            loss += Math.log(sum) - h[node][labels[node]];
        }
        return loss / train.length;
    }

    private static double[][] product(double[][] a, double[][] b) {
        double[][] out = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int k = 0; k < b.length; k++) {
                if (a[i][k] != 0) {
                    for (int j = 0; j < out[i].length; j++) {
                        out[i][j] += a[i][k] * b[k][j];
                    }
                }
            }
        }
        return out;
    }
}
