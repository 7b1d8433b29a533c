package org.sgquant.autograd;

import java.util.Arrays;
import org.sgquant.data.Dataset;
import org.sgquant.data.OwnGraph;

/** A network on one graph in plain double arithmetic on dense matrices: what the kernels are checked against. */
abstract class DoubleNetwork {

    /** Degree of each node, itself included. */
    final int[] degree;

    /** Whether column j is a neighbour of row i, or i itself. */
    final boolean[][] edge;

    final double[][] features;
    private final int[] labels;
    private final int[] train;

    DoubleNetwork(Dataset d) {
        int n = d.numNodes();
        this.degree = new int[n];
        this.edge = new boolean[n][n];
        for (int i = 0; i < n; i++) {
            edge[i][i] = true;
            degree[i] = d.graph().degree(i) + 1;
            for (int e = d.graph().rowPtr().get(i); e < d.graph().rowPtr().get(i + 1); e++) {
                edge[i][d.graph().colIdx().get(e)] = true;
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

    /** Outputs of all nodes under {@code parameters}, in the order in which the model lists them. */
    abstract double[][] logits(double[][][] parameters);

    /** Mean cross-entropy of the training nodes. */
    final double loss(double[][][] parameters) {
        double[][] h = logits(parameters);
        double loss = 0;
        for (int node : train) {
            double sum = Arrays.stream(h[node]).map(Math::exp).sum();
            loss += Math.log(sum) - h[node][labels[node]];
        }
        return loss / train.length;
    }

    static double[][] addBias(double[][] x, double[][] bias) {
        double[][] out = new double[x.length][];
        for (int i = 0; i < x.length; i++) {
            out[i] = x[i].clone();
            for (int c = 0; c < out[i].length; c++) {
                out[i][c] += bias[0][c];
            }
        }
        return out;
    }

    static double[][] relu(double[][] x) {
        return Arrays.stream(x)
                .map(row -> Arrays.stream(row).map(v -> Math.max(v, 0)).toArray())
                .toArray(double[][]::new);
    }

    static double[][] product(double[][] a, double[][] b) {
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
