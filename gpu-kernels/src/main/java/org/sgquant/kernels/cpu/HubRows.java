package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme.Block;

/**
 * Rows that hold so large a part of all edges that one thread would still sum them when the others are done: their edges
 * are shared out in pieces, whose sums are integers and so may be added in any order.
 */
final class HubRows {

    /** Edges below which a row is no hub, whatever its part. */
    static final int LEAST_EDGES = 1 << 16;

    /** Parts per thread of all edges, of which a hub has one at least. */
    private static final int PARTS_PER_THREAD = 8;

    private static final int PIECE_EDGES = 1 << 14;

    /** Edges of one row whose sources lie in one block, and what has been summed of them. */
    private record Segment(int row, int block, int from, int to, long[] totals, AtomicLong factors) {

        synchronized void add(long[] sums) {
            for (int c = 0; c < totals.length; c++) {
                totals[c] += sums[c];
            }
        }
    }

    private record Piece(Segment segment, int from, int to) {}

    private final CsrGraph graph;
    private final EdgeWeights weights;
    private final PackedMatrix x;
    private final List<Integer> rows = new ArrayList<>();
    private final List<Segment> segments = new ArrayList<>();

    /** Finds them; there are none for a single thread, nor where floats are summed, whose order counts. */
    HubRows(Workers workers, CsrGraph graph, EdgeWeights weights, PackedMatrix x) {
        this.graph = graph;
        this.weights = weights;
        this.x = x;
        boolean integers = x.scheme().hasIntegerSum() && (weights == null || weights.isPacked());
        if (workers.threads() == 1 || !integers) {
            return;
        }
        int part = Math.max(LEAST_EDGES, graph.numEdges() / (workers.threads() * PARTS_PER_THREAD));
        // A row of so many edges holds one of every so many.
        for (long e = 0; e < graph.numEdges(); e += part) {
            int row = rowOf((int) e);
            if (graph.degree(row) >= part && (rows.isEmpty() || rows.getLast() != row)) {
                rows.add(row);
                addSegments(row);
            }
        }
    }

    private int rowOf(int edge) {
        int lo = 0;
        int hi = graph.numRows() - 1;
        while (lo < hi) {
            int mid = (lo + hi) >>> 1;
            if (graph.rowPtr().get(mid + 1) > edge) {
                hi = mid;
            } else {
                lo = mid + 1;
            }
        }
        return lo;
    }

    private void addSegments(int row) {
        List<Block> blocks = x.scheme().blocks();
        int e = graph.rowPtr().get(row);
        int end = graph.rowPtr().get(row + 1);
        for (int b = 0; b < blocks.size() && e < end; b++) {
            int stop = RowAggregator.endOfBlock(graph, blocks.get(b), e, end);
            if (stop > e) {
                segments.add(new Segment(row, b, e, stop, new long[x.cols()], new AtomicLong()));
            }
            e = stop;
        }
    }

    /** Sums them, once, with what {@code sums} supplies to each thread. */
    void sum(Workers workers, Supplier<PartialSums> sums) {
        if (rows.isEmpty()) {
            return;
        }
        List<Piece> pieces = new ArrayList<>();
        long edges = 0;
        for (Segment s : segments) {
            for (int e = s.from(); e < s.to(); e = Math.min(s.to() - e, PIECE_EDGES) + e) {
                pieces.add(new Piece(s, e, Math.min(s.to() - e, PIECE_EDGES) + e));
            }
            edges += s.to() - s.from();
        }
        workers.run(edges * x.cols(), pieces.size(), (from, to) -> add(sums.get(), pieces.subList(from, to)));
    }

    private void add(PartialSums sums, List<Piece> pieces) {
        for (Piece piece : pieces) {
            Segment s = piece.segment();
            long[] totals = new long[x.cols()];
            s.factors().addAndGet(sums.add(s.row(), s.block(), piece.from(), piece.to(), totals));
            s.add(totals);
        }
    }

    /** What lies past the last column is rubbish. */
    private float[] aggregate(int row) {
        List<BlockParams> params = BlockParams.all(x.scheme());
        float weight = weights == null ? 1 : weights.partOf(row).scale();
        float[] acc = new float[Lanes.padded(x.cols())];
        for (Segment s : segments) {
            if (s.row() == row) {
                params.get(s.block()).moveToSums();
                params.get(s.block())
                        .addSums(weight, s.totals(), (float) s.factors().get(), acc, x.cols());
            }
        }
        return acc;
    }

    /** {@code others} but for hubs, whose sums must be there when their rows are asked for. */
    RowWriter besides(RowWriter others) {
        return rows.isEmpty() ? others : (from, to, out) -> write(others, from, to, out);
    }

    private void write(RowWriter others, int from, int to, FloatMatrix out) {
        int next = from;
        for (int row : rows) {
            if (row >= from && row < to) {
                if (next < row) {
                    others.write(next, row, out.slice(next - from, row - from));
                }
                MemorySegment.copy(aggregate(row), 0, out.data(), JAVA_FLOAT, out.rowOffset(row - from), out.cols());
                next = row + 1;
            }
        }
        if (next < to) {
            others.write(next, to, out.slice(next - from, to - from));
        }
    }
}
