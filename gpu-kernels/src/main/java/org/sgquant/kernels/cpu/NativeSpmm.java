package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.List;
import org.sgquant.tensor.BitWidth;
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

    /** Bytes of {@code sgq_block} and {@code sgq_spmm} of packed_spmm.h. */
    private static final long BLOCK = 80;

    private static final long SPMM = 40;

    /** Sections that a width has at most. */
    private static final int SECTIONS = 3;

    private static final FunctionDescriptor TYPE =
            FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG);

    private final MethodHandle spmm;
    private final MemorySegment arguments;
    /** Operands, of which C++ has mere addresses: kept from the garbage collector as long as they are in use. */
    private final CsrGraph graph;

    private final PackedMatrix x;

    /** @param workers whose scratch memory holds the arguments until its next use */
    NativeSpmm(CpuKernels kernels, Workers workers, CsrGraph graph, PackedMatrix x) {
        spmm = kernels.function("spmm", TYPE);
        this.graph = graph;
        this.x = x;
        int blocks = x.scheme().blocks().size();
        arguments = workers.scratch(SPMM + blocks * BLOCK);
        for (int b = 0; b < blocks; b++) {
            write(new StructWriter(arguments.asSlice(SPMM + b * BLOCK, BLOCK)), x, b);
        }
        new StructWriter(arguments)
                .address(graph.rowPtr().data())
                .address(graph.colIdx().data())
                .address(arguments.asSlice(SPMM))
                .int32(blocks, graph.numRows(), x.cols());
    }

    /** Whether {@code kernels} sum this in C++; {@code weights} null for weights of 1. */
    static boolean sums(CpuKernels kernels, EdgeWeights weights, PackedMatrix x) {
        return kernels != CpuKernels.JAVA
                && weights == null
                && x.scheme().hasIntegerSum()
                && x.scheme().granularity() != Granularity.ROW_CODE;
    }

    private static void write(StructWriter to, PackedMatrix x, int b) {
        Block block = x.scheme().blocks().get(b);
        to.address(x.data(b))
                .int64(x.stride(b))
                .address(block.params().scale().data())
                .address(block.params().offset().data())
                .int32(block.rowStart(), block.rowEnd(), block.bits().bits())
                .int32(x.scheme().granularity() == Granularity.COLUMN ? 1 : 0);
        sections(to, block.bits(), x.cols());
    }

    /** How many there are, their widths, and the byte of a row of {@code cols} codes where each begins. */
    private static void sections(StructWriter to, BitWidth bits, int cols) {
        List<Integer> widths = bits.sections();
        to.int32(widths.size());
        for (int s = 0; s < SECTIONS; s++) {
            to.int32(s < widths.size() ? widths.get(s) : 0);
        }
        for (int s = 0; s < SECTIONS; s++) {
            to.int32(s < widths.size() ? PackedLayout.sectionOffset(bits, cols, s) : 0);
        }
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
