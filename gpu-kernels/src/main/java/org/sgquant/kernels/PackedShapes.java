package org.sgquant.kernels;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.PackedTensor;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.ShapeException;
import org.sgquant.tensor.SparsePackedMatrix;

/** Shape rules of {@link PackedOps}, checked by every backend before it touches memory. */
public final class PackedShapes {

    private PackedShapes() {}

    /** {@code x} has the rows and columns of {@code scheme}. */
    public static void requireScheme(FloatMatrix x, QuantScheme scheme, String what) {
        x.requireShape(scheme.rows(), scheme.cols(), what + " " + scheme.name());
    }

    /** graph N x M, x M x F, out N x F. */
    public static void requireSpmm(CsrGraph graph, PackedTensor x, FloatMatrix out) {
        ShapeException.require(x.rows(), graph.numCols(), "packed spmm: x.rows must equal graph.numCols");
        out.requireShape(graph.numRows(), x.cols(), "packed spmm: out");
    }

    /** One weight per edge of {@code graph}: the parts cover its rows, each with the codes of its edges. */
    public static void requireWeights(CsrGraph graph, EdgeWeights weights) {
        requireWeights(graph.rowPtr(), weights);
    }

    /** One weight per edge of the graph whose row pointers, readable here, are {@code rowPtr}. */
    public static void requireWeights(IntArray rowPtr, EdgeWeights weights) {
        int rows = 0;
        for (EdgeWeights.Part part : weights.parts()) {
            rows = part.rowEnd();
            ShapeException.require(
                    part.edgeStart(),
                    rowPtr.get(part.rowStart()),
                    "edge weights: edgeStart of the part at row " + part.rowStart());
            ShapeException.require(
                    part.codes().cols(),
                    rowPtr.get(part.rowEnd()) - part.edgeStart(),
                    "edge weights: columns must equal the edges of rows " + part.rowStart() + " to " + part.rowEnd());
        }
        ShapeException.require(rows, rowPtr.size() - 1L, "edge weights: rows covered must equal graph.numRows");
    }

    /** a N x K, w K x F, c N x F. */
    public static void requireGemm(PackedTensor a, FloatMatrix w, FloatMatrix c) {
        ShapeException.require(w.rows(), a.cols(), "packed gemm: w.rows must equal a.cols");
        c.requireShape(a.rows(), w.cols(), "packed gemm: c");
    }

    /** graph N x M, x M x K, rowScale 1 x N or null, w K x F, out N x F. */
    public static void requireSpmmGemm(
            CsrGraph graph, PackedTensor x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
        ShapeException.require(x.rows(), graph.numCols(), "packed spmmGemm: x.rows must equal graph.numCols");
        ShapeException.require(w.rows(), x.cols(), "packed spmmGemm: w.rows must equal x.cols");
        if (rowScale != null) {
            rowScale.requireShape(1, graph.numRows(), "packed spmmGemm: rowScale");
        }
        out.requireShape(graph.numRows(), w.cols(), "packed spmmGemm: out");
    }

    /** {@code x} can be summed as integers. */
    public static void requireIntegerSum(SparsePackedMatrix x) {
        if (!x.hasIntegerSum()) {
            throw new IllegalArgumentException(x.name() + ": sparse packed rows with scales of their own have no"
                    + " integer sum; choose granularity tensor, bucket or column");
        }
    }
}
