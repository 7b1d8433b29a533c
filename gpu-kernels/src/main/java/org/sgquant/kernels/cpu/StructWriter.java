package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/** Writes the fields of a C struct, each aligned as it is, one after another in the order in which it declares them. */
final class StructWriter {

    private final MemorySegment to;
    private long at;

    StructWriter(MemorySegment to) {
        this.to = to;
    }

    StructWriter address(MemorySegment value) {
        to.set(ADDRESS, at, value);
        at += ADDRESS.byteSize();
        return this;
    }

    StructWriter int64(long value) {
        to.set(JAVA_LONG, at, value);
        at += Long.BYTES;
        return this;
    }

    StructWriter int32(int... values) {
        for (int value : values) {
            to.set(JAVA_INT, at, value);
            at += Integer.BYTES;
        }
        return this;
    }

    StructWriter float32(float value) {
        to.set(JAVA_FLOAT, at, value);
        at += Float.BYTES;
        return this;
    }
}
