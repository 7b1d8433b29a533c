package org.sgquant.autograd;

import org.sgquant.data.Dataset;

/** A GCN, relu between layers; parameters are W, b of each layer. */
final class DoubleGcn extends DoubleNetwork {

    private final double[][] norm;

    DoubleGcn(Dataset d) {
        super(d);
        int n = d.numNodes();
        this.norm = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                norm[i][j] = edge[i][j] ? 1 / Math.sqrt((double) degree[i] * degree[j]) : 0;
            }
        }
    }

    @Override
    double[][] logits(double[][][] parameters) {
        double[][] h = features;
        for (int p = 0; p < parameters.length; p += 2) {
            h = addBias(product(norm, product(h, parameters[p])), parameters[p + 1]);
            h = p + 2 < parameters.length ? relu(h) : h;
        }
        return h;
    }
}
