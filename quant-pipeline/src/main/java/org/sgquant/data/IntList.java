package org.sgquant.data;

import java.util.Arrays;

/** A growing list of ints. */
final class IntList {

    private int[] values = new int[64];
    private int size;

    void add(int value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, 2 * size);
        }
        values[size++] = value;
    }

    int get(int i) {
        return values[i];
    }

    int size() {
        return size;
    }

    void clear() {
        size = 0;
    }

    /** Sorts what comes at {@code from} or later. */
    void sort(int from) {
        Arrays.sort(values, from, size);
    }

    int[] toArray() {
        return Arrays.copyOf(values, size);
    }
}
