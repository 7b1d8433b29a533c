package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
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
import org.sgquant.tensor.PackedLayout;
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
        set(arguments, SPMM, "row_ptr", graph.rowPtr().data());
        set(arguments, SPMM, "col_idx", graph.colIdx().data());
        set(arguments, SPMM, "blocks", arguments.asSlice(SPMM.byteSize()));
        set(arguments, SPMM, "block_count", blocks.size());
        set(arguments, SPMM, "rows", graph.numRows());
        set(arguments, SPMM, "cols", x.cols());
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
        set(at, BLOCK, "data", x.data(b));
        at.set(JAVA_LONG, BLOCK.byteOffset(PathElement.groupElement("stride")), x.stride(b));
        set(at, BLOCK, "scale", block.params().scale().data());
        set(at, BLOCK, "offset", block.params().offset().data());
        set(at, BLOCK, "row_start", block.rowStart());
        set(at, BLOCK, "row_end", block.rowEnd());
        set(at, BLOCK, "bits", block.bits().bits());
        set(at, BLOCK, "per_column", x.scheme().granularity() == Granularity.COLUMN ? 1 : 0);
        List<Integer> sections = block.bits().sections();
        set(at, BLOCK, "sections", sections.size());
        for (int s = 0; s < sections.size(); s++) {
            at.set(JAVA_INT, offset("widths", s), sections.get(s));
            at.set(JAVA_INT, offset("section_offset", s), PackedLayout.sectionOffset(block.bits(), x.cols(), s));
        }
    }

    private static long offset(String array, int index) {
        return BLOCK.byteOffset(PathElement.groupElement(array), PathElement.sequenceElement(index));
    }

    private static void set(MemorySegment at, StructLayout layout, String field, int value) {
        at.set(JAVA_INT, layout.byteOffset(PathElement.groupElement(field)), value);
    }

    private static void set(MemorySegment at, StructLayout layout, String field, MemorySegment value) {
        at.set(ADDRESS, layout.byteOffset(PathElement.groupElement(field)), value);
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
