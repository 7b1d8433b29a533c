package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme.Block;
import org.sgquant.tensor.RowScale;

/**
 * {@code sum over edges e of row i of w_e * x_col(e)}, one output row at a time, rows ascending; scratch of one thread.
 *
 * <p>Sums of codes are kept in int32 while {@code edges * largest term} is below 2^31; longer rows are cut where the
 * sums would leave unsigned 32 bits, and the pieces added in int64, so the sum is exact for any degree and width.
 */
final class RowAggregator implements RowWriter, PartialSums {

    private static final long MAX_INT = Integer.MAX_VALUE;
    private static final long MAX_UNSIGNED = 0xffffffffL;

    private final CsrGraph graph;
    private final PackedMatrix x;
    private final int cols;
    private final List<BlockParams> params;
    private final RowCodes[] codes;
    private final PartWeights weights;
    private final SectionSums sections;
    private final float[] acc;
    private final int[] sums;
    private final long[] longSums;
    private final boolean hasRowCodes;

    /** {@code weights} null for weights of 1. */
    RowAggregator(CsrGraph graph, EdgeWeights weights, PackedMatrix x) {
        this.graph = graph;
        this.x = x;
        this.cols = x.cols();
        this.hasRowCodes = x.scheme().granularity() == Granularity.ROW_CODE;
        this.weights = weights == null ? null : new PartWeights(weights);
        params = BlockParams.all(x.scheme());
        codes = x.scheme().blocks().stream()
                .map(b -> b.bits().isPacked() ? new RowCodes(b.bits(), cols) : null)
                .toArray(RowCodes[]::new);
        acc = new float[Lanes.padded(cols)];
        sums = new int[Lanes.padded(cols)];
        longSums = new long[Lanes.padded(cols)];
        sections = new SectionSums(graph.colIdx(), cols, sums);
    }

    @Override
    public void write(int from, int to, FloatMatrix out) {
        for (int i = from; i < to; i++) {
            row(i);
            MemorySegment.copy(acc, 0, out.data(), JAVA_FLOAT, out.rowOffset(i - from), cols);
        }
    }

    /** Writes the aggregate of row {@code i} to {@link #acc}. */
    private void row(int i) {
        Arrays.fill(acc, 0, cols, 0f);
        int e = graph.rowPtr().get(i);
        int end = graph.rowPtr().get(i + 1);
        if (weights != null) {
            weights.moveTo(i, e, end);
        }
        boolean integer = weights == null || (weights.isPacked() && x.scheme().hasIntegerSum());
        for (int b = 0; b < params.size() && e < end; b++) {
            Block block = x.scheme().blocks().get(b);
            int stop = endOfBlock(graph, block, e, end);
            if (e == stop) {
                continue;
            }
            if (integer && x.scheme().hasIntegerSum(block)) {
                addCodes(b, e, stop);
            } else {
                addFloats(b, e, stop);
            }
            e = stop;
        }
    }

    /** First edge of [e, end), which is not empty, whose source lies past {@code block}, or end: columns ascend. */
    static int endOfBlock(CsrGraph graph, Block block, int e, int end) {
        MemorySegment sources = graph.colIdx().data();
        if (sources.get(JAVA_INT, 4L * end - 4) < block.rowEnd()) {
            return end;
        }
        int lo = e;
        int hi = end - 1;
        while (lo < hi) {
            int mid = (lo + hi) >>> 1;
            if (sources.get(JAVA_INT, 4L * mid) < block.rowEnd()) {
                lo = mid + 1;
            } else {
                hi = mid;
            }
        }
        return lo;
    }

    private void addCodes(int b, int from, int to) {
        float scale = weights == null ? 1 : weights.scale();
        float weightSum = (float) factorSum(b, from, to);
        params.get(b).moveToSums();
        if (to - from <= MAX_INT / largestTerm(b)) {
            Arrays.fill(sums, 0, cols, 0);
            sum(b, from, to);
            params.get(b).addSums(scale, sums, weightSum, acc, cols);
            return;
        }
        Arrays.fill(longSums, 0L);
        addPieces(b, from, to, longSums);
        params.get(b).addSums(scale, longSums, weightSum, acc, cols);
    }

    @Override
    public long add(int row, int b, int from, int to, long[] totals) {
        if (weights != null) {
            weights.moveTo(row, from, to);
        }
        addPieces(b, from, to, totals);
        return factorSum(b, from, to);
    }

    /** Adds the sums of edges [from, to) to {@code totals}, in pieces whose sums fit unsigned 32 bits. */
    private void addPieces(int b, int from, int to, long[] totals) {
        long piece = MAX_UNSIGNED / largestTerm(b);
        if (piece == 0) {
            addLongs(b, from, to, totals);
            return;
        }
        for (int e = from; e < to; ) {
            int stop = (int) Math.min(to - e, piece) + e;
            Arrays.fill(sums, 0, cols, 0);
            sum(b, e, stop);
            for (int c = 0; c < cols; c++) {
                totals[c] += Integer.toUnsignedLong(sums[c]);
            }
            e = stop;
        }
    }

    /** Products of 16-bit weights, row codes and 16-bit codes, of which not one fits 32 bits. */
    private void addLongs(int b, int from, int to, long[] totals) {
        for (int e = from; e < to; e++) {
            long factor = factor(b, e);
            for (int c = 0; c < cols; c++) {
                totals[c] += factor * x.code(source(e), c);
            }
        }
    }

    /** What the codes of the source of edge {@code e} are multiplied by: weight code times row code, where there are. */
    private int factor(int b, int e) {
        int weight = weights == null ? 1 : weights.code(e);
        return hasRowCodes
                ? weight * x.rowCode(b, source(e) - x.scheme().blocks().get(b).rowStart())
                : weight;
    }

    private long largestTerm(int b) {
        long factor = (weights == null ? 1L : weights.maxCode()) * (hasRowCodes ? RowScale.MAX_CODE : 1);
        return x.scheme().blocks().get(b).bits().maxCode() * factor;
    }

    private long factorSum(int b, int from, int to) {
        if (weights == null && !hasRowCodes) {
            return (long) to - from;
        }
        long sum = 0;
        for (int e = from; e < to; e++) {
            sum += factor(b, e);
        }
        return sum;
    }

    private void sum(int b, int from, int to) {
        if (weights == null && !hasRowCodes) {
            sections.add(x, b, from, to);
            return;
        }
        for (int e = from; e < to; e++) {
            load(b, e);
            int factor = factor(b, e);
            for (int c = 0; c < cols; c += Lanes.FLOATS) {
                IntVector.fromArray(Lanes.INT, sums, c)
                        .add(codes[b].get(c).mul(factor))
                        .intoArray(sums, c);
            }
        }
    }

    private void load(int b, int e) {
        codes[b].load(x.data(b), rowOffset(b, e));
    }

    private void addFloats(int b, int from, int to) {
        boolean packed = codes[b] != null;
        for (int e = from; e < to; e++) {
            if (packed) {
                load(b, e);
                params.get(b).moveTo(x, b, source(e));
                addPackedRow(b, e);
            } else {
                addFloatRow(x.data(b), rowOffset(b, e), e);
            }
        }
    }

    private void addPackedRow(int b, int e) {
        float weight = weights == null ? 1 : weights.value(e);
        for (int c = 0; c < cols; c += Lanes.FLOATS) {
            accumulate(params.get(b).dequantize(codes[b].get(c), c), weight, acc, c);
        }
    }

    private void addFloatRow(MemorySegment data, long row, int e) {
        float weight = weights == null ? 1 : weights.value(e);
        for (int c = 0; c < cols; c += Lanes.FLOATS) {
            accumulate(
                    FloatVector.fromMemorySegment(Lanes.FLOAT, data, row + 4L * c, ByteOrder.nativeOrder()),
                    weight,
                    acc,
                    c);
        }
    }

    /** {@code acc = fma(weight, x, acc)}, which for weight 1 is {@code acc + x} to the bit. */
    private static void accumulate(FloatVector x, float weight, float[] acc, int c) {
        x.fma(FloatVector.broadcast(Lanes.FLOAT, weight), FloatVector.fromArray(Lanes.FLOAT, acc, c))
                .intoArray(acc, c);
    }

    private long rowOffset(int b, int e) {
        return (long) (source(e) - x.scheme().blocks().get(b).rowStart()) * x.stride(b);
    }

    private int source(int e) {
        return graph.colIdx().data().get(JAVA_INT, 4L * e);
    }
}
