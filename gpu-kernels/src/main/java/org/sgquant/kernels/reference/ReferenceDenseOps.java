package org.sgquant.kernels.reference;

import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.tensor.FloatMatrix;

/** {@link DenseOps} in plain loops, summed in double. */
public final class ReferenceDenseOps implements DenseOps {

    @Override
    public void gemm(FloatMatrix a, boolean transposeA, FloatMatrix b, boolean transposeB, FloatMatrix c) {
        FloatShapes.requireGemm(a, transposeA, b, transposeB, c);
        int depth = transposeA ? a.rows() : a.cols();
        for (int i = 0; i < c.rows(); i++) {
            for (int j = 0; j < c.cols(); j++) {
                double sum = 0;
                for (int k = 0; k < depth; k++) {
                    double left = transposeA ? a.get(k, i) : a.get(i, k);
                    double right = transposeB ? b.get(j, k) : b.get(k, j);
                    sum += left * right;
                }
                c.set(i, j, (float) sum);
            }
        }
    }
}
