package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.PackedLayout;

/** Writes the fields of a C struct, each aligned as it is, one after another in the order in which it declares them. */
final class StructWriter {

    /** Sections that a width has at most. */
    private static final int SECTIONS = 3;

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

    /** How many sections codes of {@code bits} have, their widths, and the byte of a row of {@code cols} where each begins. */
    StructWriter sections(BitWidth bits, int cols) {
        List<Integer> widths = bits.sections();
        int32(widths.size());
        for (int s = 0; s < SECTIONS; s++) {
            int32(s < widths.size() ? widths.get(s) : 0);
        }
        for (int s = 0; s < SECTIONS; s++) {
            int32(s < widths.size() ? PackedLayout.sectionOffset(bits, cols, s) : 0);
        }
        return this;
    }
}
