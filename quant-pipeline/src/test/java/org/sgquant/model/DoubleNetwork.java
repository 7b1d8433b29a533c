package org.sgquant.model;

import java.util.Map;
import org.sgquant.data.Dataset;
import org.sgquant.data.OwnGraph;

/** GIN with batch norm and GraphSAGE with layer norm in plain double arithmetic on dense matrices. */
final class DoubleNetwork {

    private static final double EPSILON = 1e-5f;

    private final double[][] adjacency;
    private final double[][] features;
    private final int[] labels;
    private final int[] train;

    DoubleNetwork(Dataset d) {
        int n = d.numNodes();
        adjacency = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int e = d.graph().rowPtr().get(i); e < d.graph().rowPtr().get(i + 1); e++) {
                adjacency[i][d.graph().colIdx().get(e)] = 1;
            }
        }
        double[] flat = OwnGraph.dense(d);
        features = new double[n][d.numFeatures()];
        for (int i = 0; i < n; i++) {
            System.arraycopy(flat, i * d.numFeatures(), features[i], 0, d.numFeatures());
        }
        labels = d.labels();
        train = d.split().train();
    }

    /** Loss of a GIN of {@code layers} layers with batch norm, read out per node. */
    double gin(Map<String, double[][]> p, int layers) {
        double[][] h = features;
        double[][] out = product(h, p.get("L1.readout"));
        double[][] closed = adjacency.clone();
        for (int i = 0; i < closed.length; i++) {
            closed[i] = adjacency[i].clone();
            closed[i][i] = 1;
        }
        for (int l = 1; l <= layers; l++) {
            String name = "L" + l;
            double[][] sum = product(product(closed, h), p.get(name + ".weight"));
            addRow(sum, p.get(name + ".bias")[0]);
            batchNorm(sum, p.get(name + ".norm.gamma")[0], p.get(name + ".norm.beta")[0]);
            relu(sum);
            h = product(sum, p.get(name + ".weight2"));
            addRow(h, p.get(name + ".bias2")[0]);
            batchNorm(h, p.get(name + ".norm2.gamma")[0], p.get(name + ".norm2.beta")[0]);
            relu(h);
            add(out, product(h, p.get("L" + (l + 1) + ".readout")));
        }
        addRow(out, p.get("output.bias")[0]);
        return loss(out);
    }

    /** Loss of a GraphSAGE of {@code layers} layers with layer norm and residual connections. */
    double sage(Map<String, double[][]> p, int layers) {
        double[][] h = features;
        for (int l = 1; l <= layers; l++) {
            String name = "L" + l;
            double[][] out = product(mean(h), p.get(name + ".weight"));
            add(out, product(h, p.get(name + ".weight2")));
            addRow(out, p.get(name + ".bias")[0]);
            if (l < layers) {
                layerNorm(out, p.get(name + ".norm.gamma")[0], p.get(name + ".norm.beta")[0]);
                relu(out);
            }
            if (l > 1 && h[0].length == out[0].length) {
                add(out, h);
            }
            h = out;
        }
        return loss(h);
    }

    private double[][] mean(double[][] h) {
        double[][] out = product(adjacency, h);
        for (int i = 0; i < out.length; i++) {
            double degree = 0;
            for (double a : adjacency[i]) {
                degree += a;
            }
            for (int j = 0; degree > 0 && j < out[i].length; j++) {
                out[i][j] /= degree;
            }
        }
        return out;
    }

    private double loss(double[][] logits) {
        double loss = 0;
        for (int node : train) {
            double sum = 0;
            for (double logit : logits[node]) {
                sum += Math.exp(logit);
            }
            loss += Math.log(sum) - logits[node][labels[node]];
        }
        return loss / train.length;
    }

    private static void batchNorm(double[][] x, double[] gamma, double[] beta) {
        for (int j = 0; j < gamma.length; j++) {
            double[] column = new double[x.length];
            for (int i = 0; i < x.length; i++) {
                column[i] = x[i][j];
            }
            normalize(column);
            for (int i = 0; i < x.length; i++) {
                x[i][j] = gamma[j] * column[i] + beta[j];
            }
        }
    }

    private static void layerNorm(double[][] x, double[] gamma, double[] beta) {
        for (double[] row : x) {
            normalize(row);
            for (int j = 0; j < row.length; j++) {
                row[j] = gamma[j] * row[j] + beta[j];
            }
        }
    }

    private static void normalize(double[] values) {
        double mean = 0;
        for (double v : values) {
            mean += v / values.length;
        }
        double variance = 0;
        for (double v : values) {
            variance += (v - mean) * (v - mean) / values.length;
        }
        for (int i = 0; i < values.length; i++) {
            values[i] = (values[i] - mean) / Math.sqrt(variance + EPSILON);
        }
    }

    private static void relu(double[][] x) {
        for (double[] row : x) {
            for (int j = 0; j < row.length; j++) {
                row[j] = Math.max(row[j], 0);
            }
        }
    }

    private static void addRow(double[][] x, double[] row) {
        for (double[] r : x) {
            for (int j = 0; j < row.length; j++) {
                r[j] += row[j];
            }
        }
    }

    private static void add(double[][] x, double[][] y) {
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x[i].length; j++) {
                x[i][j] += y[i][j];
            }
        }
    }

    private static double[][] product(double[][] a, double[][] b) {
        double[][] out = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int k = 0; k < b.length; k++) {
                for (int j = 0; a[i][k] != 0 && j < b[k].length; j++) {
                    out[i][j] += a[i][k] * b[k][j];
                }
            }
        }
        return out;
    }
}
