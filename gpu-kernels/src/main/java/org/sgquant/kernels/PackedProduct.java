package org.sgquant.kernels;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.SparsePackedMatrix;

/**
 * A product of packed operands, N x F, as {@link PackedOps} and {@link SparsePackedOps} compute it, before it is said where its
 * rows go. Shapes are checked when it is made; those of edge weights when it is computed.
 */
public sealed interface PackedProduct {

    int rows();

    int cols();

    /** Computes it alone. */
    void into(Backend backend, FloatMatrix out);

    /** A row for every node of a graph. */
    sealed interface OverEdges extends PackedProduct {

        CsrGraph graph();

        @Override
        default int rows() {
            return graph().numRows();
        }
    }

    /** A column for every one of a matrix of floats. */
    sealed interface ByFloats extends PackedProduct {

        FloatMatrix w();

        @Override
        default int cols() {
            return w().cols();
        }
    }

    /** {@link PackedOps#spmm}, or {@link PackedOps#spmmWeighted} unless weights are null. */
    record Sum(CsrGraph graph, EdgeWeights weights, PackedMatrix x) implements OverEdges {

        public Sum {
            PackedShapes.requireSpmm(graph, x);
        }

        @Override
        public int cols() {
            return x.cols();
        }

        @Override
        public void into(Backend backend, FloatMatrix out) {
            if (weights == null) {
                backend.packed().spmm(graph, x, out);
            } else {
                backend.packed().spmmWeighted(graph, weights, x, out);
            }
        }
    }

    /** {@link PackedOps#gemm(PackedMatrix, FloatMatrix, FloatMatrix)}. */
    record Gemm(PackedMatrix a, FloatMatrix w) implements ByFloats {

        public Gemm {
            PackedShapes.requireGemm(a, w);
        }

        @Override
        public int rows() {
            return a.rows();
        }

        @Override
        public void into(Backend backend, FloatMatrix out) {
            backend.packed().gemm(a, w, out);
        }
    }

    /** {@link PackedOps#gemm(PackedMatrix, PackedMatrix, FloatMatrix)}. */
    record CodeGemm(PackedMatrix a, PackedMatrix w) implements PackedProduct {

        public CodeGemm {
            PackedShapes.requireGemm(a, w);
        }

        @Override
        public int rows() {
            return a.rows();
        }

        @Override
        public int cols() {
            return w.cols();
        }

        @Override
        public void into(Backend backend, FloatMatrix out) {
            backend.packed().gemm(a, w, out);
        }
    }

    /** {@link PackedOps#spmmGemm}; weights and rowScale may be null. */
    record SumGemm(CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix rowScale, FloatMatrix w)
            implements OverEdges, ByFloats {

        public SumGemm {
            PackedShapes.requireSpmmGemm(graph, x, rowScale, w);
        }

        @Override
        public void into(Backend backend, FloatMatrix out) {
            backend.packed().spmmGemm(graph, weights, x, rowScale, w, out);
        }
    }

    /** {@link SparsePackedOps#spmm}. */
    record SparseSum(CsrGraph graph, SparsePackedMatrix x) implements OverEdges {

        public SparseSum {
            PackedShapes.requireSpmm(graph, x);
            PackedShapes.requireIntegerSum(x);
        }

        @Override
        public int cols() {
            return x.cols();
        }

        @Override
        public void into(Backend backend, FloatMatrix out) {
            backend.sparsePacked().spmm(graph, x, out);
        }
    }

    /** {@link SparsePackedOps#gemm}. */
    record SparseGemm(SparsePackedMatrix a, FloatMatrix w) implements ByFloats {

        public SparseGemm {
            PackedShapes.requireGemm(a, w);
        }

        @Override
        public int rows() {
            return a.rows();
        }

        @Override
        public void into(Backend backend, FloatMatrix out) {
            backend.sparsePacked().gemm(a, w, out);
        }
    }

    /** {@link SparsePackedOps#spmmGemm}; rowScale may be null. */
    record SparseSumGemm(CsrGraph graph, SparsePackedMatrix x, FloatMatrix rowScale, FloatMatrix w)
            implements OverEdges, ByFloats {

        public SparseSumGemm {
            PackedShapes.requireSpmmGemm(graph, x, rowScale, w);
            PackedShapes.requireIntegerSum(x);
        }

        @Override
        public void into(Backend backend, FloatMatrix out) {
            backend.sparsePacked().spmmGemm(graph, x, rowScale, w, out);
        }
    }
}
