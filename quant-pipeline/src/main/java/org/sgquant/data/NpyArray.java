package org.sgquant.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * An n-dimensional array read from a file; values come out flat in C order (last index fastest).
 *
 * <p>Shape: 0 to 32 dimensions. Integers are range-checked on their way to int32, floats are rounded to float32.
 * Errors name file, array and element.
 */
final class NpyArray {

    private final String file;
    private final String place;
    private final NpyType.Sized type;
    private final boolean fortran;
    private final int[] shape;
    private final int size;
    private final ByteBuffer data;

    /** Takes over {@code data}, which holds exactly the elements of {@code shape}. */
    NpyArray(String file, String place, String descr, boolean fortran, int[] shape, byte[] data) {
        this.file = file;
        this.place = place;
        this.type = NpyType.parse(descr, file, place);
        this.fortran = fortran && shape.length > 1;
        this.shape = shape.clone();
        long bytes = byteSize(shape, type.bytes());
        if (bytes != data.length) {
            throw error(data.length + " bytes", bytes + " bytes for shape " + shapeText());
        }
        this.size = elements(shape);
        this.data = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Bytes of an array of {@code shape}, or -1 if that is more than a Java array can hold. */
    static long byteSize(int[] shape, int elementBytes) {
        long bytes = elementBytes;
        for (int d : shape) {
            if (d < 0) {
                return -1;
            }
            // The product stays below 2^62 before each check, so it cannot wrap.
            bytes *= d;
            if (bytes > Integer.MAX_VALUE) {
                return -1;
            }
        }
        return bytes;
    }

    private static int elements(int[] shape) {
        int n = 1;
        for (int d : shape) {
            n *= d;
        }
        return n;
    }

    NpyType type() {
        return type.type();
    }

    int rank() {
        return shape.length;
    }

    int dim(int i) {
        return shape[i];
    }

    int size() {
        return size;
    }

    String shapeText() {
        return Arrays.stream(shape).mapToObj(Integer::toString).collect(Collectors.joining(", ", "(", ")"));
    }

    FormatException error(String got, String expected) {
        return new FormatException(file, place, got, expected);
    }

    /** Error about element {@code k} in C order. */
    FormatException errorAt(int k, String got, String expected) {
        return new FormatException(file, place + "[" + k + "]", got, expected);
    }

    NpyArray requireRank(int rank) {
        if (shape.length != rank) {
            throw error("shape " + shapeText(), rank + (rank == 1 ? " dimension" : " dimensions"));
        }
        return this;
    }

    NpyArray requireSize(long expected, String why) {
        if (size != expected) {
            throw error(size + " values", expected + " (" + why + ")");
        }
        return this;
    }

    /** Integers as int32; a value outside {@code low..high} is an error. */
    int[] ints(int low, int high) {
        if (!type.type().isInteger()) {
            throw error("type " + type.type(), "integers (i1, u1, i4 or i8)");
        }
        int[] values = new int[size];
        for (int k = 0; k < size; k++) {
            long v = integer(offset(k));
            if (v < low || v > high) {
                throw errorAt(k, Long.toString(v), "a value in " + low + ".." + high);
            }
            values[k] = (int) v;
        }
        return values;
    }

    /** Finite numbers as float32; booleans count as 0 and 1. */
    float[] floats() {
        if (type.type() == NpyType.TEXT) {
            throw error("text", "numbers");
        }
        float[] values = new float[size];
        for (int k = 0; k < size; k++) {
            float v = number(offset(k));
            if (!Float.isFinite(v)) {
                throw errorAt(k, Float.toString(v), "a finite float32");
            }
            values[k] = v;
        }
        return values;
    }

    boolean[] booleans() {
        if (type.type() != NpyType.B1) {
            throw error("type " + type.type(), "booleans (b1)");
        }
        boolean[] values = new boolean[size];
        for (int k = 0; k < size; k++) {
            values[k] = data.get(offset(k)) != 0;
        }
        return values;
    }

    /** The one byte string of a 0-dimensional array, trailing zeros removed. */
    String text() {
        if (type.type() != NpyType.TEXT || size != 1) {
            throw error("type " + type.type() + " of shape " + shapeText(), "one byte string");
        }
        return new String(data.array(), StandardCharsets.ISO_8859_1).replaceAll("\0+$", "");
    }

    private long integer(int at) {
        return switch (type.type()) {
            case I1 -> data.get(at);
            case U1 -> data.get(at) & 0xFF;
            case I4 -> data.getInt(at);
            case I8 -> data.getLong(at);
            default -> throw new IllegalStateException("not an integer type: " + type);
        };
    }

    private float number(int at) {
        return switch (type.type()) {
            case F2 -> Float.float16ToFloat(data.getShort(at));
            case F4 -> data.getFloat(at);
            case F8 -> (float) data.getDouble(at);
            case B1 -> data.get(at) != 0 ? 1 : 0;
            default -> integer(at);
        };
    }

    /** Byte offset of element {@code k} in C order. */
    private int offset(int k) {
        if (!fortran) {
            return k * type.bytes();
        }
        int[] index = new int[shape.length];
        int rest = k;
        for (int d = shape.length - 1; d >= 0; d--) {
            index[d] = rest % shape[d];
            rest /= shape[d];
        }
        int at = 0;
        for (int d = shape.length - 1; d >= 0; d--) {
            at = at * shape[d] + index[d];
        }
        return at * type.bytes();
    }
}
