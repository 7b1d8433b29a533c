package org.sgquant.kernels;

import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.ShapeException;

/** Shape rules of {@link AttentionOps}, checked by every backend before it touches memory. */
public final class AttentionShapes {

    private AttentionShapes() {}

    /** a N x HF, b M x HF, out nnz x H; returns F. */
    public static int requireSddmm(CsrGraph graph, FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        ShapeException.require(a.rows(), graph.numRows(), "sddmm: a.rows must equal graph.numRows");
        ShapeException.require(b.rows(), graph.numCols(), "sddmm: b.rows must equal graph.numCols");
        ShapeException.require(b.cols(), a.cols(), "sddmm: b.cols must equal a.cols");
        requireEdges(graph, out, "sddmm: out");
        return width(a.cols(), out.cols(), "sddmm");
    }

    /** w nnz x H, x M x HF, out N x HF; returns F. */
    public static int requireSpmmHeads(CsrGraph graph, FloatMatrix w, FloatMatrix x, FloatMatrix out) {
        requireEdges(graph, w, "spmmHeads: w");
        ShapeException.require(x.rows(), graph.numCols(), "spmmHeads: x.rows must equal graph.numCols");
        out.requireShape(graph.numRows(), x.cols(), "spmmHeads: out");
        return width(x.cols(), w.cols(), "spmmHeads");
    }

    /** target N x H, source M x H, out nnz x H. */
    public static void requireEdgeScores(CsrGraph graph, FloatMatrix target, FloatMatrix source, FloatMatrix out) {
        requireEdges(graph, out, "edgeScores: out");
        target.requireShape(graph.numRows(), out.cols(), "edgeScores: target");
        source.requireShape(graph.numCols(), out.cols(), "edgeScores: source");
    }

    /** w nnz x H, out N x H. */
    public static void requireSumEdges(CsrGraph graph, FloatMatrix w, FloatMatrix out) {
        requireEdges(graph, w, "sumEdges: w");
        out.requireShape(graph.numRows(), w.cols(), "sumEdges: out");
    }

    /** s and {@code others} nnz x H. */
    public static void requireSoftmaxEdges(CsrGraph graph, FloatMatrix s, FloatMatrix... others) {
        requireEdges(graph, s, "softmaxEdges: scores");
        for (FloatMatrix other : others) {
            FloatShapes.requireSame(s, other, "softmaxEdges: operands");
        }
    }

    /** index n, out n x F with the columns of x. */
    public static void requireGatherRows(FloatMatrix x, IntArray index, FloatMatrix out) {
        out.requireShape(index.size(), x.cols(), "gatherRows: out");
    }

    /** {@code slope} is at least 0, so that the output tells the sign of the input. */
    public static void requireSlope(float slope) {
        if (!(slope >= 0)) {
            throw new IllegalArgumentException("leakyRelu: slope " + slope + " must be at least 0");
        }
    }

    /** heads H x F, columns HF x H. */
    public static void requireHeads(FloatMatrix heads, FloatMatrix columns) {
        columns.requireShape(heads.rows() * heads.cols(), heads.rows(), "spreadHeads: matrix of one column per head");
    }

    private static void requireEdges(CsrGraph graph, FloatMatrix values, String what) {
        ShapeException.require(values.rows(), graph.numEdges(), what + ".rows must equal graph.numEdges");
        if ((long) values.rows() * values.cols() > Integer.MAX_VALUE) {
            throw new ShapeException(
                    what + ": got " + values.rows() + "x" + values.cols() + " edge values, expected fewer than 2^31");
        }
    }

    private static int width(int cols, int heads, String what) {
        if (heads < 1 || cols % heads != 0) {
            throw new ShapeException(what + ": got " + cols + " columns, expected a multiple of " + heads + " heads");
        }
        return cols / heads;
    }
}
