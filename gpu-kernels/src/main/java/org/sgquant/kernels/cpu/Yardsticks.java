package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;

/** What sums over neighbours in C++ are measured against, in C++ and fetching ahead as they do; for benchmarks alone. */
public final class Yardsticks {

    /** Bytes of {@code sgq_fused} of yardsticks.h. */
    private static final long FUSED = 48;

    private final MethodHandle gather;
    private final MethodHandle dequantize;
    private final int lanes;

    /** @throws DeviceUnavailableException where {@code kernels} are Java's or cannot run here */
    public Yardsticks(CpuKernels kernels) {
        if (kernels == CpuKernels.JAVA) {
            throw new DeviceUnavailableException("it is in C++: " + CpuKernels.JAVA.account());
        }
        kernels.refusal().ifPresent(reason -> {
            throw new DeviceUnavailableException(reason);
        });
        gather = kernels.function(
                "yardstick_gather",
                FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT));
        dequantize = kernels.function(
                "yardstick_dequantize", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT, ADDRESS, JAVA_LONG));
        lanes = kernels.vectorBits() / Float.SIZE;
    }

    /**
     * The xor, in words of 64 bits, of all lines of 64 bytes that rows touch, the row of the source of each of edges
     * [from, to) anew; row j stands at byte {@code j * rowBytes} of {@code data}, which ends with a whole line.
     */
    public long gather(MemorySegment data, int rowBytes, CsrGraph graph, int from, int to) {
        try {
            return (long)
                    gather.invokeExact(data, (long) rowBytes, graph.colIdx().data(), graph.numEdges(), from, to);
        } catch (Throwable e) {
            throw new AssertionError("a gather in C++ throws nothing", e);
        } finally {
            Reference.reachabilityFence(graph);
            Reference.reachabilityFence(data);
        }
    }

    /** Floats of a register: L of {@code sgq_fused}. */
    public int lanes() {
        return lanes;
    }

    /**
     * {@code out_i = sum over edges of row i in [from, to) of (offset_j + scale_j * code_j)} in float, for rows in the layout
     * of {@code sgq_fused} in yardsticks.h.
     *
     * @param stride bytes from row to row of {@code rows}
     * @param codeBytes bytes of a row's codes, after which scale and offset follow
     */
    public void dequantize(
            CsrGraph graph,
            MemorySegment rows,
            int bits,
            int stride,
            int codeBytes,
            FloatMatrix out,
            int from,
            int to) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment fused = arena.allocate(FUSED, Long.BYTES);
            new StructWriter(fused)
                    .address(graph.rowPtr().data())
                    .address(graph.colIdx().data())
                    .address(rows)
                    .int64(stride)
                    .int32(graph.numRows(), out.cols(), bits, codeBytes);
            dequantize.invokeExact(fused, from, to, out.data().asSlice(out.rowOffset(from)), (long) out.stride());
        } catch (Throwable e) {
            throw new AssertionError("sums in C++ throw nothing", e);
        } finally {
            // The struct has mere addresses of them.
            Reference.reachabilityFence(graph);
            Reference.reachabilityFence(rows);
        }
    }
}
