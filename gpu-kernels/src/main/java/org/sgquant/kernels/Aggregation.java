package org.sgquant.kernels;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;

/**
 * Products of float32 matrices over the edges of a graph in training and in evaluation in fp32. A library may take
 * their place, with sums in an order of its own; packed inference, whose bits must agree everywhere, asks
 * {@link Backend#sparse}.
 */
public interface Aggregation {

    /** As {@link SparseOps#spmm}. */
    void spmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out);

    /** As {@link AttentionOps#sddmm}. */
    void sddmm(CsrGraph graph, FloatMatrix a, FloatMatrix b, FloatMatrix out);

    /** As {@link AttentionOps#spmmHeads}. */
    void spmmHeads(CsrGraph graph, FloatMatrix w, FloatMatrix x, FloatMatrix out);

    /** The products of a backend's own kernels. */
    static Aggregation own(SparseOps sparse, AttentionOps attention) {
        return new Aggregation() {
            @Override
            public void spmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
                sparse.spmm(graph, values, x, out);
            }

            @Override
            public void sddmm(CsrGraph graph, FloatMatrix a, FloatMatrix b, FloatMatrix out) {
                attention.sddmm(graph, a, b, out);
            }

            @Override
            public void spmmHeads(CsrGraph graph, FloatMatrix w, FloatMatrix x, FloatMatrix out) {
                attention.spmmHeads(graph, w, x, out);
            }
        };
    }
}
