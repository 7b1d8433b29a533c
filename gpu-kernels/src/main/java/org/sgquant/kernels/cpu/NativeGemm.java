package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
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

    /** {@code sgq_gemm} of packed_gemm.h. */
    private static final StructLayout GEMM = MemoryLayout.structLayout(
            ADDRESS.withName("codes"),
            JAVA_LONG.withName("stride"),
            ADDRESS.withName("scale"),
            ADDRESS.withName("offset"),
            ADDRESS.withName("row_codes"),
            ADDRESS.withName("words"),
            ADDRESS.withName("column_scale"),
            ADDRESS.withName("column_base"),
            ADDRESS.withName("column_sum"),
            ADDRESS.withName("out"),
            JAVA_LONG.withName("out_stride"),
            JAVA_INT.withName("scale_step"),
            JAVA_INT.withName("depth"),
            JAVA_INT.withName("cols"),
            JAVA_INT.withName("sections"),
            MemoryLayout.sequenceLayout(3, JAVA_INT).withName("widths"),
            MemoryLayout.sequenceLayout(3, JAVA_INT).withName("section_offset"));

    private final MethodHandle gemm;
    private final MemorySegment arguments;
    /** Operands, of which C++ has mere addresses: kept from the garbage collector as long as they are in use. */
    private final PackedMatrix a;

    private final FloatMatrix c;

    /** @param workers whose scratch memory holds the arguments and w until its next use */
    NativeGemm(CpuKernels kernels, Workers workers, PackedMatrix a, PackedMatrix w, FloatMatrix c) {
        gemm = kernels.gemm();
        this.a = a;
        this.c = c;
        int blocks = a.scheme().blocks().size();
        long rightBytes = RightCodes.bytes(w, kernels.codesPerLane());
        MemorySegment scratch = workers.scratch(rightBytes + blocks * GEMM.byteSize());
        RightCodes right = new RightCodes(w, kernels.codesPerLane(), scratch);
        arguments = scratch.asSlice(rightBytes);
        for (int b = 0; b < blocks; b++) {
            write(new NativeStruct(struct(b), GEMM), b, right);
        }
    }

    private MemorySegment struct(int b) {
        return arguments.asSlice(b * GEMM.byteSize(), GEMM);
    }

    private void write(NativeStruct struct, int b, RightCodes right) {
        Block block = a.scheme().blocks().get(b);
        struct.set("codes", a.data(b));
        struct.set("stride", (long) a.stride(b));
        struct.set("scale", block.params().scale().data());
        struct.set("offset", block.params().offset().data());
        struct.set("scale_step", a.scheme().granularity() == Granularity.ROW ? 1 : 0);
        struct.set("row_codes", a.rowCodes(b).byteSize() == 0 ? MemorySegment.NULL : a.rowCodes(b));
        struct.set("words", right.words.data());
        struct.set("column_scale", column(right, RightCodes.SCALE));
        struct.set("column_base", column(right, RightCodes.BASE));
        struct.set("column_sum", column(right, RightCodes.SUM));
        struct.set("out", c.data().asSlice(c.rowOffset(block.rowStart())));
        struct.set("out_stride", (long) c.stride());
        struct.set("depth", a.cols());
        struct.set("cols", c.cols());
        struct.setSections(block.bits(), a.cols());
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
