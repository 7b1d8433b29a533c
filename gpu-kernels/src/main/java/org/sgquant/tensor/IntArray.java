package org.sgquant.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Off-heap array of int32: row pointers, column indices, labels, node lists. */
public final class IntArray {

    private final int size;
    private final MemorySegment data;

    private IntArray(int size, MemorySegment data) {
        this.size = size;
        this.data = data;
    }

    public static IntArray allocate(Memory memory, int size) {
        return new IntArray(size, memory.allocate((long) size * Integer.BYTES));
    }

    public static IntArray of(Memory memory, int... values) {
        IntArray array = allocate(memory, values.length);
        MemorySegment.copy(values, 0, array.data, ValueLayout.JAVA_INT, 0, values.length);
        return array;
    }

    /** View of the first {@code size} ints of {@code data}; nothing is copied. */
    public static IntArray view(MemorySegment data, int size) {
        return new IntArray(size, data);
    }

    public int size() {
        return size;
    }

    public MemorySegment data() {
        return data;
    }

    public long bytes() {
        return (long) size * Integer.BYTES;
    }

    public int get(int i) {
        return data.get(ValueLayout.JAVA_INT, (long) i * Integer.BYTES);
    }

    public void set(int i, int value) {
        data.set(ValueLayout.JAVA_INT, (long) i * Integer.BYTES, value);
    }

    public int[] toArray() {
        int[] values = new int[size];
        MemorySegment.copy(data, ValueLayout.JAVA_INT, 0, values, 0, size);
        return values;
    }
}
