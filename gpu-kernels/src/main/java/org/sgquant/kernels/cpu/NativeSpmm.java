package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.List;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.EdgeWeights.Part;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme.Block;

/**
 * {@code sum over edges of row i of w_e * x_col(e)} in C++, with the bits of {@link RowAggregator}: of codes whose scales
 * belong to a tensor, a bucket or a column, and of weights of 1 or of {@value #WEIGHT_BITS} bits at most.
 */
final class NativeSpmm implements PartialSums, RowWriter {

    private static final int WEIGHT_BITS = 8;

    /** Bytes of {@code sgq_block}, {@code sgq_weights} and {@code sgq_spmm} of packed_spmm.h. */
    private static final long BLOCK = 80;

    private static final long WEIGHTS = 56;
    private static final long SPMM = 48;

    private final MethodHandle spmm;
    private final MethodHandle sums;
    private final MemorySegment arguments;
    /** Operands, of which C++ has mere addresses: kept from the garbage collector as long as they are in use. */
    private final CsrGraph graph;

    private final EdgeWeights weights;
    private final PackedMatrix x;

    /** @param workers whose scratch memory holds the arguments until its next use */
    NativeSpmm(CpuKernels kernels, Workers workers, CsrGraph graph, EdgeWeights weights, PackedMatrix x) {
        spmm = kernels.function("spmm", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG));
        sums = kernels.function(
                "sums", FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
        this.graph = graph;
        this.weights = weights;
        this.x = x;
        int blocks = x.scheme().blocks().size();
        List<Part> parts = weights == null ? List.of() : weights.parts();
        long partsAt = SPMM + blocks * BLOCK;
        arguments = workers.scratch(partsAt + parts.size() * WEIGHTS);
        for (int b = 0; b < blocks; b++) {
            write(new StructWriter(arguments.asSlice(SPMM + b * BLOCK, BLOCK)), x, b);
        }
        for (int p = 0; p < parts.size(); p++) {
            write(new StructWriter(arguments.asSlice(partsAt + p * WEIGHTS, WEIGHTS)), parts.get(p));
        }
        new StructWriter(arguments)
                .address(graph.rowPtr().data())
                .address(graph.colIdx().data())
                .address(arguments.asSlice(SPMM))
                .address(weights == null ? MemorySegment.NULL : arguments.asSlice(partsAt))
                .int32(blocks, graph.numRows(), x.cols());
    }

    /** Whether {@code kernels} sum this in C++; {@code weights} null for weights of 1. */
    static boolean sums(CpuKernels kernels, EdgeWeights weights, PackedMatrix x) {
        return kernels != CpuKernels.JAVA
                && (weights == null
                        || weights.parts().stream().allMatch(p -> p.bits().bits() <= WEIGHT_BITS))
                && x.scheme().hasIntegerSum()
                && x.scheme().granularity() != Granularity.ROW_CODE;
    }

    private static void write(StructWriter to, Part part) {
        int edges = part.codes().cols();
        to.address(part.codes().data(0))
                .float32(part.scale())
                .int32(part.rowEnd(), part.edgeStart(), part.edgeStart() + edges)
                .int32(part.bits().bits());
        to.sections(part.bits(), edges);
    }

    private static void write(StructWriter to, PackedMatrix x, int b) {
        Block block = x.scheme().blocks().get(b);
        to.address(x.data(b))
                .int64(x.stride(b))
                .address(block.params().scale().data())
                .address(block.params().offset().data())
                .int32(block.rowStart(), block.rowEnd(), block.bits().bits())
                .int32(x.scheme().granularity() == Granularity.COLUMN ? 1 : 0);
        to.sections(block.bits(), x.cols());
    }

    @Override
    public void write(int from, int to, FloatMatrix out) {
        try {
            spmm.invokeExact(arguments, from, to, out.data(), (long) out.stride());
        } catch (Throwable e) {
            throw new AssertionError("sums in C++ throw nothing", e);
        } finally {
            Reference.reachabilityFence(graph);
            Reference.reachabilityFence(weights);
            Reference.reachabilityFence(x);
        }
    }

    @Override
    public long add(int row, int b, int from, int to, long[] totals) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocateFrom(JAVA_LONG, totals);
            long factors = (long) sums.invokeExact(arguments, row, b, from, to, out);
            MemorySegment.copy(out, JAVA_LONG, 0, totals, 0, totals.length);
            return factors;
        } catch (Throwable e) {
            throw new AssertionError("sums in C++ throw nothing", e);
        } finally {
            Reference.reachabilityFence(graph);
            Reference.reachabilityFence(weights);
            Reference.reachabilityFence(x);
        }
    }
}
