package org.sgquant.nd4j;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.Consumer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.ShapeException;

/**
 * Arrays of nd4j-native and matrices on the same memory: what one side writes the other one reads, nothing is copied.
 *
 * <p>Layout of both: rows {@link FloatMatrix#stride(int)} floats apart, each on a cache line. Arrays that ND4J allocates
 * by itself stand on 16 bytes, seldom on 64, and have no padding: take them from {@link #allocate} or {@link #array}, or
 * copy them by {@link #copy}.
 */
public final class Nd4jArrays {

    private static final int FLOATS_PER_LINE = (int) (Memory.ALIGNMENT / Float.BYTES);

    private Nd4jArrays() {}

    /**
     * {@code rows x cols} array on the memory of {@code matrix}, which is this process's own, in row order.
     *
     * <p>It must not be used after the memory that the matrix came from is closed; ND4J cannot notice.
     *
     * @throws IllegalStateException if that memory is closed already
     */
    public static INDArray array(FloatMatrix matrix) {
        requireNative("array");
        Nd4jDenseOps.requireOpen(matrix, "Nd4jArrays.array: the matrix");
        return matrix.bytes() == 0 ? Nd4j.create(DataType.FLOAT, matrix.rows(), matrix.cols()) : shared(matrix);
    }

    /** {@link #array} where ND4J is known to be loaded and the matrix to be open and not to be empty. */
    static INDArray shared(FloatMatrix matrix) {
        long floats = matrix.bytes() / Float.BYTES;
        return Nd4j.create(
                Nd4j.createBuffer(new SegmentPointer(matrix.data(), floats), floats, DataType.FLOAT),
                new long[] {matrix.rows(), matrix.cols()},
                new long[] {matrix.stride(), 1},
                0,
                'c');
    }

    /**
     * Matrix on the memory of {@code array}.
     *
     * <p>The array is kept from the garbage collector as long as the matrix or its data are in use. It must not be
     * closed by hand meanwhile.
     *
     * @param array N x F of float32 in row order, rows {@link FloatMatrix#stride(int)} floats apart and on a cache line,
     *     of no workspace
     * @throws ShapeException naming what was got and what is expected
     */
    public static FloatMatrix matrix(INDArray array) {
        requireNative("matrix");
        require(array.rank() == 2, "rank " + array.rank(), "a matrix");
        require(array.dataType() == DataType.FLOAT, "values of type " + array.dataType(), "FLOAT");
        require(!array.isAttached(), "an array of a workspace, whose memory is used anew", "one of its own (detach())");
        int rows = Math.toIntExact(array.size(0));
        int cols = Math.toIntExact(array.size(1));
        if (rows == 0 || cols == 0) {
            return FloatMatrix.view(MemorySegment.NULL, rows, cols);
        }
        int stride = FloatMatrix.stride(cols);
        require(
                (cols == 1 || array.stride(1) == 1) && (rows == 1 || array.stride(0) == stride),
                "strides " + Arrays.toString(array.stride()) + " (order '" + array.ordering() + "')",
                "rows " + stride + " floats apart, [" + stride + ", 1]");
        long address = array.data().addressPointer().address();
        require(
                address % Memory.ALIGNMENT == 0,
                "memory at " + address % Memory.ALIGNMENT + " bytes past a multiple of " + Memory.ALIGNMENT,
                "memory on a multiple of " + Memory.ALIGNMENT);
        long left = array.data().underlyingLength() - array.data().offset();
        long needed = FloatMatrix.bytes(rows, cols) / Float.BYTES;
        require(left >= needed, left + " floats of memory", needed + ", the padding of the last row included");
        MemorySegment data =
                MemorySegment.ofAddress(address).reinterpret(needed * Float.BYTES, Arena.ofAuto(), new Holder(array));
        return FloatMatrix.view(data, rows, cols);
    }

    /** Zeroed {@code rows x cols} array in memory of ND4J that {@link #matrix} takes. */
    public static INDArray allocate(int rows, int cols) {
        requireNative("allocate");
        if (FloatMatrix.bytes(rows, cols) == 0) {
            return Nd4j.create(DataType.FLOAT, rows, cols);
        }
        long floats = FloatMatrix.bytes(rows, cols) / Float.BYTES;
        INDArray whole = Nd4j.createUninitializedDetached(DataType.FLOAT, floats + FLOATS_PER_LINE - 1);
        whole.assign(0);
        long past = whole.data().addressPointer().address() % Memory.ALIGNMENT / Float.BYTES;
        return Nd4j.create(
                whole.data(),
                new long[] {rows, cols},
                new long[] {FloatMatrix.stride(cols), 1},
                past == 0 ? 0 : FLOATS_PER_LINE - past,
                'c');
    }

    /** Copies an N x F array of any order, strides and numeric type into {@code memory}, rounded to float32. */
    public static FloatMatrix copy(INDArray array, Memory memory) {
        Nd4jBackend.load();
        if (array.rank() != 2) {
            throw new ShapeException("Nd4jArrays.copy: got rank " + array.rank() + ", expected a matrix");
        }
        FloatMatrix matrix =
                FloatMatrix.allocate(memory, Math.toIntExact(array.size(0)), Math.toIntExact(array.size(1)));
        for (int r = 0; r < matrix.rows() && matrix.cols() > 0; r++) {
            matrix.setRow(r, array.getRow(r).toFloatVector());
        }
        return matrix;
    }

    private static void requireNative(String call) {
        if (Nd4jBackend.load() != Nd4jBackend.NATIVE) {
            throw new UnsupportedOperationException(
                    "Nd4jArrays." + call
                            + ": arrays of nd4j-cuda live on the GPU and share no memory with matrices; use nd4j-native, or copy");
        }
    }

    private static void require(boolean condition, String got, String expected) {
        if (!condition) {
            throw new ShapeException("Nd4jArrays.matrix: got " + got + ", expected " + expected
                    + "; Nd4jArrays.allocate makes such arrays, Nd4jArrays.copy takes any");
        }
    }

    /** The end of a segment's life, of which nothing comes: until then this, and so the array, is reachable. */
    private record Holder(INDArray array) implements Consumer<MemorySegment> {
        @Override
        public void accept(MemorySegment segment) {
            // ND4J frees what it allocated
        }
    }

    /** JavaCPP's pointer to a segment, which it does not own. */
    private static final class SegmentPointer extends FloatPointer {

        /** Keeps a segment of the garbage collector's from being freed. */
        private final MemorySegment segment;

        SegmentPointer(MemorySegment segment, long floats) {
            super((Pointer) null);
            this.segment = segment;
            address = segment.address();
            limit = floats;
            capacity = floats;
        }

        @Override
        public String toString() {
            return "pointer to " + segment;
        }
    }
}
