package org.sgquant.kernels.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.sgquant.cuda.CudaFunction;
import org.sgquant.cuda.CudaStream;
import org.sgquant.cuda.KernelArguments;
import org.sgquant.kernels.StepState;
import org.sgquant.kernels.cuda.KernelDeclaration.Argument;
import org.sgquant.kernels.cuda.KernelDeclaration.Kind;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/**
 * One launch being put together: an argument per call in the order of {@code kernels.list}, then {@link #run}.
 *
 * <p>Reused by its {@link Launcher}; nothing is allocated.
 */
final class Launch implements AutoCloseable {

    private final CudaStream stream;
    private final Arena arena = Arena.ofShared();
    private final KernelArguments arguments = new KernelArguments();
    private final MemorySegment struct =
            arena.allocate(Math.max(PackedStructs.PACKED_BYTES, PackedStructs.WEIGHTS_BYTES), 8);
    private KernelDeclaration kernel;
    private CudaFunction function;

    Launch(CudaStream stream) {
        this.stream = stream;
    }

    Launch of(KernelDeclaration declaration, CudaFunction compiled) {
        kernel = declaration;
        function = compiled;
        arguments.reset();
        return this;
    }

    /** A device address; null stands for an operand that is left out. */
    Launch pointer(MemorySegment device) {
        require(Kind.POINTER);
        arguments.pointer(device);
        return this;
    }

    Launch pointer(FloatMatrix x) {
        return pointer(x == null ? null : x.data());
    }

    Launch pointer(IntArray x) {
        return pointer(x == null ? null : x.data());
    }

    Launch pointer(StepState state) {
        return pointer(state.data());
    }

    Launch int32(int value) {
        require(Kind.INT32);
        arguments.int32(value);
        return this;
    }

    Launch int64(long value) {
        require(Kind.INT64);
        arguments.int64(value);
        return this;
    }

    Launch float32(float value) {
        require(Kind.FLOAT32);
        arguments.float32(value);
        return this;
    }

    Launch float64(double value) {
        require(Kind.FLOAT64);
        arguments.float64(value);
        return this;
    }

    Launch packed(PackedMatrix x) {
        require(Kind.PACKED);
        PackedStructs.write(x, struct);
        arguments.struct(struct.asSlice(0, PackedStructs.PACKED_BYTES));
        return this;
    }

    /** A scheme alone, where a packed matrix is expected but its codes are not read. */
    Launch scheme(QuantScheme scheme) {
        return scheme(scheme, null);
    }

    /** The same with a code for every row, where it is not null. */
    Launch scheme(QuantScheme scheme, MemorySegment rowCodes) {
        require(Kind.PACKED);
        PackedStructs.write(scheme, rowCodes, struct);
        arguments.struct(struct.asSlice(0, PackedStructs.PACKED_BYTES));
        return this;
    }

    Launch weights(EdgeWeights weights) {
        require(Kind.WEIGHTS);
        PackedStructs.write(weights, struct);
        arguments.struct(struct.asSlice(0, PackedStructs.WEIGHTS_BYTES));
        return this;
    }

    private void require(Kind kind) {
        int n = arguments.count();
        if (n == kernel.arguments().size()) {
            throw new IllegalStateException(kernel.name() + ": got more than the " + n + " arguments of kernels.list");
        }
        Argument expected = kernel.arguments().get(n);
        if (expected.kind() != kind) {
            throw new IllegalStateException(
                    kernel.name() + ": argument " + expected.name() + " is " + expected.kind() + ", got " + kind);
        }
    }

    void run(long gridX) {
        run(gridX, 1, 0);
    }

    void run(long gridX, int gridY) {
        run(gridX, gridY, 0);
    }

    /** Launches gridX x gridY blocks with {@code sharedBytes} of dynamic shared memory; nothing where a side is 0. */
    void run(long gridX, int gridY, int sharedBytes) {
        if (arguments.count() != kernel.arguments().size()) {
            throw new IllegalStateException(kernel.name() + ": got " + arguments.count()
                    + " arguments, kernels.list has " + kernel.arguments().size());
        }
        if (gridX > 0 && gridY > 0) {
            function.launch(stream, Math.toIntExact(gridX), gridY, 1, kernel.block(), sharedBytes, arguments);
        }
    }

    @Override
    public void close() {
        arguments.close();
        arena.close();
    }
}
