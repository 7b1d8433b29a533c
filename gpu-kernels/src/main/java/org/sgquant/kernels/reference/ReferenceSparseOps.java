package org.sgquant.kernels.reference;

import org.sgquant.kernels.FloatShapes;
import org.sgquant.kernels.SparseOps;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** {@link SparseOps} in plain loops, summed in double. */
public final class ReferenceSparseOps implements SparseOps {

    @Override
    public void spmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSpmm(graph, values, x, out);
        for (int i = 0; i < graph.numRows(); i++) {
            for (int j = 0; j < x.cols(); j++) {
                double sum = 0;
                for (int e = graph.rowPtr().get(i); e < graph.rowPtr().get(i + 1); e++) {
                    double weight = values == null ? 1 : values.get(0, e);
                    sum += weight * x.get(graph.colIdx().get(e), j);
                }
                out.set(i, j, (float) sum);
            }
        }
    }

    @Override
    public void gather(FloatMatrix values, IntArray index, FloatMatrix out) {
        FloatShapes.requireGather(values, index, out);
        for (int i = 0; i < index.size(); i++) {
            out.set(0, i, values.get(0, index.get(i)));
        }
    }
}
