package org.sgquant.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Dense row-major matrix of float32 outside the heap, every row starting on a cache line.
 *
 * <p>Shape: {@code rows x cols}. Layout: element (r, c) stands at float {@code r * stride + c}, stride = cols rounded
 * up to 16. Floats between {@code cols} and {@code stride} are padding: kernels may write anything there and never let
 * it reach a result, so vector loops need no tail. A vector of n values is a {@code 1 x n} matrix.
 */
public final class FloatMatrix {

    private static final int FLOATS_PER_LINE = (int) (Memory.ALIGNMENT / Float.BYTES);

    private final int rows;
    private final int cols;
    private final int stride;
    private final MemorySegment data;

    private FloatMatrix(int rows, int cols, MemorySegment data) {
        this.rows = rows;
        this.cols = cols;
        this.stride = stride(cols);
        this.data = data;
    }

    /** Zeroed {@code rows x cols} matrix owned by {@code memory}. */
    public static FloatMatrix allocate(Memory memory, int rows, int cols) {
        return new FloatMatrix(rows, cols, memory.allocate(bytes(rows, cols)));
    }

    /** View of {@code rows x cols} floats laid out as above at the start of {@code data}; nothing is copied. */
    public static FloatMatrix view(MemorySegment data, int rows, int cols) {
        if (data.byteSize() < bytes(rows, cols)) {
            throw new ShapeException("FloatMatrix.view: segment of " + data.byteSize() + " bytes is smaller than the "
                    + bytes(rows, cols) + " bytes of " + rows + "x" + cols);
        }
        return new FloatMatrix(rows, cols, data);
    }

    /** View of rows {@code [from, to)}; nothing is copied. */
    public FloatMatrix slice(int from, int to) {
        return new FloatMatrix(to - from, cols, data.asSlice(rowOffset(from), rowOffset(to) - rowOffset(from)));
    }

    /** Copies {@code values}, all rows of one length, into {@code memory}. */
    public static FloatMatrix of(Memory memory, float[][] values) {
        FloatMatrix m = allocate(memory, values.length, values.length == 0 ? 0 : values[0].length);
        for (int r = 0; r < m.rows; r++) {
            m.setRow(r, values[r]);
        }
        return m;
    }

    /** Copies {@code values} into a {@code 1 x n} matrix. */
    public static FloatMatrix ofVector(Memory memory, float... values) {
        return of(memory, new float[][] {values});
    }

    /** Floats from one row to the next: cols rounded up to a whole cache line. */
    public static int stride(int cols) {
        return Math.ceilDiv(cols, FLOATS_PER_LINE) * FLOATS_PER_LINE;
    }

    /** Bytes of a {@code rows x cols} matrix with its padding. */
    public static long bytes(int rows, int cols) {
        return (long) rows * stride(cols) * Float.BYTES;
    }

    public int rows() {
        return rows;
    }

    public int cols() {
        return cols;
    }

    public int stride() {
        return stride;
    }

    public MemorySegment data() {
        return data;
    }

    /** Bytes with padding. */
    public long bytes() {
        return bytes(rows, cols);
    }

    /** Byte offset of the first element of row {@code r}. */
    public long rowOffset(int r) {
        return (long) r * stride * Float.BYTES;
    }

    public float get(int r, int c) {
        return data.get(ValueLayout.JAVA_FLOAT, rowOffset(r) + (long) c * Float.BYTES);
    }

    public void set(int r, int c, float value) {
        data.set(ValueLayout.JAVA_FLOAT, rowOffset(r) + (long) c * Float.BYTES, value);
    }

    public void setRow(int r, float[] values) {
        ShapeException.require(values.length, cols, "FloatMatrix.setRow: values.length must equal cols");
        MemorySegment.copy(values, 0, data, ValueLayout.JAVA_FLOAT, rowOffset(r), cols);
    }

    public float[] row(int r) {
        float[] values = new float[cols];
        MemorySegment.copy(data, ValueLayout.JAVA_FLOAT, rowOffset(r), values, 0, cols);
        return values;
    }

    public float[][] toArray() {
        float[][] values = new float[rows][];
        for (int r = 0; r < rows; r++) {
            values[r] = row(r);
        }
        return values;
    }

    /** Copies the values of {@code source}, which has the same shape. */
    public void copyFrom(FloatMatrix source) {
        requireShape(source.rows, source.cols, "FloatMatrix.copyFrom");
        MemorySegment.copy(source.data, 0, data, 0, bytes());
    }

    /** Throws {@link ShapeException} unless this is {@code rows x cols}; {@code what} names operation and operand. */
    public void requireShape(int expectedRows, int expectedCols, String what) {
        if (rows != expectedRows || cols != expectedCols) {
            throw new ShapeException(
                    what + ": got " + rows + "x" + cols + ", expected " + expectedRows + "x" + expectedCols);
        }
    }

    @Override
    public String toString() {
        return rows + "x" + cols + " float32";
    }
}
