package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.util.List;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.PackedLayout;

/** A struct of C++ at {@code at}, written field by field. */
record NativeStruct(MemorySegment at, StructLayout layout) {

    void set(String field, int value) {
        at.set(JAVA_INT, offset(field), value);
    }

    void set(String field, long value) {
        at.set(JAVA_LONG, offset(field), value);
    }

    void set(String field, MemorySegment value) {
        at.set(ADDRESS, offset(field), value);
    }

    /** Writes {@code sections}, {@code widths} and {@code section_offset} of rows of {@code cols} codes. */
    void setSections(BitWidth bits, int cols) {
        List<Integer> sections = bits.sections();
        set("sections", sections.size());
        for (int s = 0; s < sections.size(); s++) {
            at.set(JAVA_INT, offset("widths") + (long) s * Integer.BYTES, sections.get(s));
            at.set(
                    JAVA_INT,
                    offset("section_offset") + (long) s * Integer.BYTES,
                    PackedLayout.sectionOffset(bits, cols, s));
        }
    }

    private long offset(String field) {
        return layout.byteOffset(PathElement.groupElement(field));
    }
}
