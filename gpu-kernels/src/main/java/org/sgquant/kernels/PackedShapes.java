package org.sgquant.kernels;

import java.util.stream.Collectors;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.PackedTensor;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.ShapeException;
import org.sgquant.tensor.SparsePackedMatrix;

/** Shape rules of {@link PackedOps} and {@link PackedAttentionOps}, checked by every backend before it touches memory. */
public final class PackedShapes {

    private PackedShapes() {}

    /** {@code x} has the rows and columns of {@code scheme}. */
    public static void requireScheme(FloatMatrix x, QuantScheme scheme, String what) {
        x.requireShape(scheme.rows(), scheme.cols(), what + " " + scheme.name());
    }

    /** {@code x} is rows x cols; {@code what} names operation and operand. */
    static void requireShape(PackedTensor x, int rows, int cols, String what) {
        if (x.rows() != rows || x.cols() != cols) {
            throw new ShapeException(
                    what + " " + x.name() + ": got " + x.rows() + "x" + x.cols() + ", expected " + rows + "x" + cols);
        }
    }

    /** {@code x}, {@code gradY} and {@code gradX} have the rows and columns of the scheme that is learned. */
    public static void requireLearned(FloatMatrix x, LearnedRanges ranges, FloatMatrix gradY, FloatMatrix gradX) {
        requireScheme(x, ranges.scheme(), "learned backward");
        requireScheme(gradY, ranges.scheme(), "learned backward gradY");
        if (gradX != null) {
            requireScheme(gradX, ranges.scheme(), "learned backward gradX");
        }
    }

    /** {@code x}, {@code y} and {@code gradY} have the rows and columns of the scheme whose error is summed. */
    public static void requireError(FloatMatrix x, FloatMatrix y, LearnedRanges ranges, FloatMatrix gradY) {
        requireScheme(x, ranges.scheme(), "quantization error");
        requireScheme(y, ranges.scheme(), "quantization error y");
        requireScheme(gradY, ranges.scheme(), "quantization error gradY");
    }

    /** graph N x M, x M x F. */
    static void requireSpmm(CsrGraph graph, PackedTensor x) {
        ShapeException.require(x.rows(), graph.numCols(), "packed spmm: x.rows must equal graph.numCols");
    }

    /** graph N x M, x M x F, out N x F. */
    public static void requireSpmm(CsrGraph graph, PackedTensor x, FloatMatrix out) {
        requireSpmm(graph, x);
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

    /** a N x K, w K x F. */
    static void requireGemm(PackedTensor a, FloatMatrix w) {
        ShapeException.require(w.rows(), a.cols(), "packed gemm: w.rows must equal a.cols");
    }

    /** a N x K, w K x F, c N x F. */
    public static void requireGemm(PackedTensor a, FloatMatrix w, FloatMatrix c) {
        requireGemm(a, w);
        c.requireShape(a.rows(), w.cols(), "packed gemm: c");
    }

    /** a N x K, w K x F, c N x F, and the product is one of integers. */
    public static void requireGemm(PackedMatrix a, PackedMatrix w, FloatMatrix c) {
        requireGemm(a, w);
        c.requireShape(a.rows(), w.cols(), "packed gemm: c");
    }

    /** a N x K, w K x F, and the product is one of integers. */
    static void requireGemm(PackedMatrix a, PackedMatrix w) {
        ShapeException.require(w.rows(), a.cols(), "packed gemm: w.rows must equal a.cols");
        if (!a.scheme().hasIntegerProduct(w.scheme())) {
            throw new IllegalArgumentException("packed gemm: " + describe(a) + " times " + describe(w)
                    + " is no product of integers: expected integers of at most 8 bits, no scale per column on the left,"
                    + " one block and no scale per row on the right, and at most 65793 columns on the left");
        }
    }

    private static String describe(PackedMatrix x) {
        String bits = x.scheme().blocks().stream().map(b -> b.bits().toString()).collect(Collectors.joining(","));
        return x.name() + " (" + x.rows() + " x " + x.cols() + ", " + bits + " bits, granularity "
                + x.scheme().granularity() + ")";
    }

    /** graph N x M, x M x K, rowScale 1 x N or null, w K x F, out N x F. */
    public static void requireSpmmGemm(
            CsrGraph graph, PackedTensor x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
        requireSpmmGemm(graph, x, rowScale, w);
        out.requireShape(graph.numRows(), w.cols(), "packed spmmGemm: out");
    }

    /** graph N x M, x M x K, rowScale 1 x N or null, w K x F. */
    static void requireSpmmGemm(CsrGraph graph, PackedTensor x, FloatMatrix rowScale, FloatMatrix w) {
        ShapeException.require(x.rows(), graph.numCols(), "packed spmmGemm: x.rows must equal graph.numCols");
        ShapeException.require(w.rows(), x.cols(), "packed spmmGemm: w.rows must equal x.cols");
        if (rowScale != null) {
            rowScale.requireShape(1, graph.numRows(), "packed spmmGemm: rowScale");
        }
    }

    /** {@link PackedAttentionOps}: x and out have the heads of attention; its blocks hold the edges of whole rows. */
    public static void requireAttention(
            CsrGraph graph, IntArray rowPtr, PackedMatrix x, PackedMatrix attention, FloatMatrix out) {
        if (x.scheme().granularity() == Granularity.ROW_CODE) {
            throw new IllegalArgumentException(
                    x.scheme().name() + ": messages weighted by attention cannot have row codes,"
                            + " their products with the codes of the attention would be no scale of a block;"
                            + " choose granularity tensor, bucket or column");
        }
        String what = "attention " + attention.scheme().name();
        int heads = attention.cols();
        requireAttentionScheme(graph, rowPtr, attention.scheme());
        if (x.cols() % heads != 0) {
            throw new ShapeException(
                    what + ": got " + heads + " heads for " + x.cols() + " columns, expected heads of one width");
        }
        ShapeException.require(x.rows(), graph.numCols(), what + ": x.rows must equal graph.numCols");
        out.requireShape(graph.numRows(), x.cols(), what + ": out");
    }

    /** numEdges x H in blocks of the edges of whole rows, each with one scale. */
    public static void requireAttentionScheme(CsrGraph graph, IntArray rowPtr, QuantScheme scheme) {
        String what = "attention " + scheme.name();
        if (scheme.cols() < 1 || scheme.cols() > PackedAttentionOps.MAX_HEADS) {
            throw new ShapeException(
                    what + ": got " + scheme.cols() + " heads, expected 1 to " + PackedAttentionOps.MAX_HEADS);
        }
        ShapeException.require(scheme.rows(), graph.numEdges(), what + ": rows must equal graph.numEdges");
        if (scheme.granularity() != Granularity.TENSOR && scheme.granularity() != Granularity.BUCKET) {
            throw new ShapeException(
                    what + ": got granularity " + scheme.granularity() + ", expected TENSOR or BUCKET");
        }
        for (QuantScheme.Block block : scheme.blocks()) {
            if (block.bits().isFloat()) {
                throw new IllegalArgumentException(what + ": attention is integers that a sum divides and cannot be "
                        + block.bits() + ", choose an integer width or 32");
            }
            requireRowBorder(rowPtr, block.rowEnd(), what);
        }
    }

    private static void requireRowBorder(IntArray rowPtr, int edge, String what) {
        int lo = 0;
        int hi = rowPtr.size() - 1;
        while (lo < hi) {
            int mid = (lo + hi) >>> 1;
            if (rowPtr.get(mid) < edge) {
                lo = mid + 1;
            } else {
                hi = mid;
            }
        }
        if (rowPtr.get(lo) != edge) {
            throw new ShapeException(what + ": got a block that ends at edge " + edge
                    + ", within a row; expected the edges of whole rows");
        }
    }

    /** target N x H and source M x H, beside {@link #requireAttention}. */
    public static void requireAdditiveScores(
            CsrGraph graph, FloatMatrix target, FloatMatrix source, PackedMatrix attention) {
        target.requireShape(graph.numRows(), attention.cols(), "attention: target scores");
        source.requireShape(graph.numCols(), attention.cols(), "attention: source scores");
    }

    /** norms 1 x N, beta 1 x 1 or null, one head, beside {@link #requireAttention}. */
    public static void requireCosineScores(
            CsrGraph graph, FloatMatrix norms, FloatMatrix beta, PackedMatrix attention) {
        ShapeException.require(graph.numCols(), graph.numRows(), "cosine attention: graph.numCols must equal numRows");
        ShapeException.require(attention.cols(), 1, "cosine attention: heads");
        norms.requireShape(1, graph.numRows(), "cosine attention: norms");
        if (beta != null) {
            beta.requireShape(1, 1, "cosine attention: beta");
        }
    }

    /** {@code x} can be summed as integers. */
    public static void requireIntegerSum(SparsePackedMatrix x) {
        if (!x.hasIntegerSum()) {
            throw new IllegalArgumentException(x.name() + ": sparse packed rows with scales of their own have no"
                    + " integer sum; choose granularity tensor, bucket or column");
        }
    }
}
