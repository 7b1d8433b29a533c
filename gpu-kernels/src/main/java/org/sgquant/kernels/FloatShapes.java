package org.sgquant.kernels;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.ShapeException;

/**
 * Shape rules of {@link DenseOps}, {@link SparseOps} and {@link ElementwiseOps}, checked by every backend before it
 * touches memory.
 */
public final class FloatShapes {

    private FloatShapes() {}

    /** op(a) m x k, op(b) k x n, c m x n apart from both. */
    public static void requireGemm(
            FloatMatrix a, boolean transposeA, FloatMatrix b, boolean transposeB, FloatMatrix c) {
        int m = transposeA ? a.cols() : a.rows();
        int k = transposeA ? a.rows() : a.cols();
        int n = transposeB ? b.rows() : b.cols();
        ShapeException.require(transposeB ? b.cols() : b.rows(), k, "gemm: rows of op(b) must equal columns of op(a)");
        c.requireShape(m, n, "gemm: c");
        requireApart(c, a, "gemm: c and a");
        requireApart(c, b, "gemm: c and b");
    }

    /** graph N x M, values 1 x nnz or null, x M x F, out N x F apart from x. */
    public static void requireSpmm(CsrGraph graph, FloatMatrix values, FloatMatrix x, FloatMatrix out) {
        if (values != null) {
            values.requireShape(1, graph.numEdges(), "spmm: values");
        }
        ShapeException.require(x.rows(), graph.numCols(), "spmm: x.rows must equal graph.numCols");
        out.requireShape(graph.numRows(), x.cols(), "spmm: out");
        requireApart(out, x, "spmm: out and x");
    }

    /** values 1 x n, index n, out 1 x n apart from values. */
    public static void requireGather(FloatMatrix values, IntArray index, FloatMatrix out) {
        out.requireShape(1, index.size(), "gather: out");
        values.requireShape(1, index.size(), "gather: values");
        requireApart(out, values, "gather: out and values");
    }

    /** {@code other} has the shape of {@code x}; {@code what} names operation and operand. */
    public static void requireSame(FloatMatrix x, FloatMatrix other, String what) {
        other.requireShape(x.rows(), x.cols(), what);
    }

    /** factor 1 x N, x and out N x F. */
    public static void requireScaleRows(FloatMatrix x, FloatMatrix factor, FloatMatrix out) {
        factor.requireShape(1, x.rows(), "scaleRows: factor");
        requireSame(x, out, "scaleRows: out");
    }

    /** bias 1 x F, x and out N x F. */
    public static void requireAddBias(FloatMatrix x, FloatMatrix bias, FloatMatrix out) {
        bias.requireShape(1, x.cols(), "addBias: bias");
        requireSame(x, out, "addBias: out");
    }

    /** x and out N x F, rate in [0, 1). */
    public static void requireDropout(FloatMatrix x, float rate, FloatMatrix out) {
        requireSame(x, out, "dropout: out");
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException("dropout: rate " + rate + " must lie in [0, 1)");
        }
    }

    /** probability 1 x N, out N x F, and a and b too where they are not null. */
    public static void requireSelectRows(FloatMatrix probability, FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        probability.requireShape(1, out.rows(), "selectRows: probability");
        if (a != null) {
            requireSame(out, a, "selectRows: a");
        }
        if (b != null) {
            requireSame(out, b, "selectRows: b");
        }
    }

    /** logits N x C, labels N, grad N x C apart from logits or null, metrics 1 x 2. */
    public static void requireCrossEntropy(FloatMatrix logits, IntArray labels, FloatMatrix grad, FloatMatrix metrics) {
        ShapeException.require(labels.size(), logits.rows(), "softmaxCrossEntropy: labels.size must equal logits.rows");
        metrics.requireShape(1, 2, "softmaxCrossEntropy: metrics");
        if (grad != null) {
            requireSame(logits, grad, "softmaxCrossEntropy: grad");
            requireApart(grad, logits, "softmaxCrossEntropy: grad and logits");
        }
    }

    /** {@code label} is a column of {@code logits}. */
    public static void requireLabel(FloatMatrix logits, int node, int label) {
        if (label < 0 || label >= logits.cols()) {
            throw noSuchLabel(label, node, logits.cols());
        }
    }

    /** {@code node} is a row of {@code logits}. */
    public static void requireNode(FloatMatrix logits, int node) {
        if (node < 0 || node >= logits.rows()) {
            throw noSuchNode(node, logits.rows());
        }
    }

    /** What is thrown for a label that is none of {@code cols} classes. */
    public static ShapeException noSuchLabel(int label, int node, int cols) {
        return new ShapeException(
                "softmaxCrossEntropy: label " + label + " of node " + node + " is outside 0.." + (cols - 1));
    }

    /** What is thrown for a node that is none of {@code rows}. */
    public static ShapeException noSuchNode(int node, int rows) {
        return new ShapeException("softmaxCrossEntropy: node " + node + " is outside 0.." + (rows - 1));
    }

    /** All four of one shape. */
    public static void requireAdam(FloatMatrix p, FloatMatrix grad, FloatMatrix m, FloatMatrix v) {
        requireSame(p, grad, "adam: grad");
        requireSame(p, m, "adam: m");
        requireSame(p, v, "adam: v");
    }

    private static void requireApart(FloatMatrix out, FloatMatrix in, String what) {
        long outStart = out.data().address();
        long inStart = in.data().address();
        if (outStart < inStart + in.bytes() && inStart < outStart + out.bytes()) {
            throw new ShapeException(what + " must not share memory");
        }
    }
}
