package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme.Block;

/** {@code c = unpack(a) unpack(w)} from integers in C++. */
final class NativeGemm implements CodeProducts {

    /** ROWS of packed_gemm.cpp. */
    private static final int TILE_ROWS = 4;

    /** Bytes of {@code sgq_gemm} of packed_gemm.h. */
    private static final long GEMM = 128;

    private final MethodHandle gemm;
    private final MemorySegment arguments;
    /** Operands, of which C++ has mere addresses: kept from the garbage collector as long as they are in use. */
    private final PackedMatrix a;

    private final FloatMatrix c;

    /** @param workers whose scratch memory holds the arguments and w until its next use */
    NativeGemm(CpuKernels kernels, Workers workers, PackedMatrix a, PackedMatrix w, FloatMatrix c) {
        gemm = kernels.function(
                CpuKernels.GEMM, FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG));
        this.a = a;
        this.c = c;
        int blocks = a.scheme().blocks().size();
        long rightBytes = RightCodes.bytes(w, kernels.codesPerLane());
        MemorySegment scratch = workers.scratch(rightBytes + blocks * GEMM);
        RightCodes right = new RightCodes(w, kernels.codesPerLane(), scratch);
        arguments = scratch.asSlice(rightBytes);
        for (int b = 0; b < blocks; b++) {
            write(new StructWriter(struct(b)), b, right);
        }
    }

    private MemorySegment struct(int b) {
        return arguments.asSlice(b * GEMM, GEMM);
    }

    private void write(StructWriter struct, int b, RightCodes right) {
        Block block = a.scheme().blocks().get(b);
        struct.address(a.data(b))
                .int64(a.stride(b))
                .address(block.params().scale().data())
                .address(block.params().offset().data())
                .address(a.rowCodes(b).byteSize() == 0 ? MemorySegment.NULL : a.rowCodes(b))
                .address(right.words.data())
                .address(column(right, RightCodes.SCALE))
                .address(column(right, RightCodes.BASE))
                .address(column(right, RightCodes.SUM))
                .address(c.data().asSlice(c.rowOffset(block.rowStart())))
                .int64(c.stride())
                .int32(a.scheme().granularity() == Granularity.ROW ? 1 : 0)
                .int32(a.cols(), c.cols())
                .sections(block.bits(), a.cols());
    }

    private static MemorySegment column(RightCodes right, int row) {
        return right.columns.data().asSlice(right.columns.rowOffset(row));
    }

    @Override
    public void rows(int b, int from, int to, Arena scratch) {
        int start = a.scheme().blocks().get(b).rowStart();
        long bytes = Memory.align(4L * a.cols() + 16);
        try {
            gemm.invokeExact(
                    struct(b), from - start, to - start, scratch.allocate(TILE_ROWS * bytes, Memory.ALIGNMENT), bytes);
        } catch (Throwable e) {
            throw new AssertionError("products in C++ throw nothing", e);
        } finally {
            Reference.reachabilityFence(a);
            Reference.reachabilityFence(c);
        }
    }
}
