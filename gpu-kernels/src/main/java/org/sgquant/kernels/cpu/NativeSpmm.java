package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.List;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme.Block;

/**
 * {@code sum over edges of row i of x_col(e)} in C++, with the bits of {@link RowAggregator}: unweighted sums of codes
 * whose scales belong to a tensor, a bucket or a column.
 */
final class NativeSpmm {

    private static final int TILE_ROWS = 64;

    /** {@code sgq_block} of packed_spmm.h. */
    private static final StructLayout BLOCK = MemoryLayout.structLayout(
            ADDRESS.withName("data"),
            JAVA_LONG.withName("stride"),
            ADDRESS.withName("scale"),
            ADDRESS.withName("offset"),
            JAVA_INT.withName("row_start"),
            JAVA_INT.withName("row_end"),
            JAVA_INT.withName("bits"),
            JAVA_INT.withName("per_column"),
            JAVA_INT.withName("sections"),
            MemoryLayout.sequenceLayout(3, JAVA_INT).withName("widths"),
            MemoryLayout.sequenceLayout(3, JAVA_INT).withName("section_offset"),
            JAVA_INT.withName("unused"));

    /** {@code sgq_spmm} of packed_spmm.h. */
    private static final StructLayout SPMM = MemoryLayout.structLayout(
            ADDRESS.withName("row_ptr"),
            ADDRESS.withName("col_idx"),
            ADDRESS.withName("blocks"),
            JAVA_INT.withName("block_count"),
            JAVA_INT.withName("rows"),
            JAVA_INT.withName("cols"),
            JAVA_INT.withName("unused"));

    private final MethodHandle spmm;
    private final MemorySegment arguments;
    /** Operands, of which C++ has mere addresses: kept from the garbage collector as long as they are in use. */
    private final CsrGraph graph;

    private final PackedMatrix x;

    /** @param workers whose scratch memory holds the arguments until its next use */
    NativeSpmm(CpuKernels kernels, Workers workers, CsrGraph graph, PackedMatrix x) {
        spmm = kernels.spmm();
        this.graph = graph;
        this.x = x;
        List<Block> blocks = x.scheme().blocks();
        arguments = workers.scratch(SPMM.byteSize() + blocks.size() * BLOCK.byteSize());
        for (int b = 0; b < blocks.size(); b++) {
            write(arguments.asSlice(SPMM.byteSize() + b * BLOCK.byteSize(), BLOCK), x, b);
        }
        NativeStruct struct = new NativeStruct(arguments, SPMM);
        struct.set("row_ptr", graph.rowPtr().data());
        struct.set("col_idx", graph.colIdx().data());
        struct.set("blocks", arguments.asSlice(SPMM.byteSize()));
        struct.set("block_count", blocks.size());
        struct.set("rows", graph.numRows());
        struct.set("cols", x.cols());
    }

    /** Whether {@code kernels} sum this in C++; {@code weights} null for weights of 1. */
    static boolean sums(CpuKernels kernels, EdgeWeights weights, PackedMatrix x) {
        return kernels != CpuKernels.JAVA
                && weights == null
                && x.scheme().hasIntegerSum()
                && x.scheme().granularity() != Granularity.ROW_CODE;
    }

    private static void write(MemorySegment at, PackedMatrix x, int b) {
        Block block = x.scheme().blocks().get(b);
        NativeStruct struct = new NativeStruct(at, BLOCK);
        struct.set("data", x.data(b));
        struct.set("stride", (long) x.stride(b));
        struct.set("scale", block.params().scale().data());
        struct.set("offset", block.params().offset().data());
        struct.set("row_start", block.rowStart());
        struct.set("row_end", block.rowEnd());
        struct.set("bits", block.bits().bits());
        struct.set("per_column", x.scheme().granularity() == Granularity.COLUMN ? 1 : 0);
        struct.setSections(block.bits(), x.cols());
    }

    /** The aggregates of rows before {@code end} to one thread, in ascending order, by way of {@code scratch}. */
    RowTile tile(int end, Arena scratch) {
        return new Tile(end, scratch.allocate(FloatMatrix.bytes(TILE_ROWS, x.cols()), Memory.ALIGNMENT));
    }

    /** Asks for many rows at once, so that those of later edges are on their way, and hands out a few at a time. */
    private final class Tile implements RowTile {

        private final int end;
        private final FloatMatrix sums;
        private int first;
        private int limit;

        Tile(int end, MemorySegment memory) {
            this.end = end;
            this.sums = FloatMatrix.view(memory, TILE_ROWS, x.cols());
        }

        @Override
        public void rows(int from, int count, float[][] tile) {
            for (int t = 0; t < count; t++) {
                int row = from + t;
                if (row >= limit) {
                    first = row;
                    limit = Math.min(row + TILE_ROWS, end);
                    NativeSpmm.this.rows(first, limit, sums.data(), sums.stride());
                }
                MemorySegment.copy(sums.data(), JAVA_FLOAT, sums.rowOffset(row - first), tile[t], 0, x.cols());
            }
        }
    }

    /** Writes the aggregates of rows [from, to) to {@code out}, {@code stride} floats from row to row. */
    void rows(int from, int to, MemorySegment out, long stride) {
        try {
            spmm.invokeExact(arguments, from, to, out, stride);
        } catch (Throwable e) {
            throw new AssertionError("sums in C++ throw nothing", e);
        } finally {
            Reference.reachabilityFence(graph);
            Reference.reachabilityFence(x);
        }
    }
}
