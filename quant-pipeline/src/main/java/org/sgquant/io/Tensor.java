package org.sgquant.io;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A named array in row-major order, its elements little-endian.
 *
 * @param shape extents, outermost first; empty for a single value
 * @param data exactly the elements
 */
public record Tensor(String name, Dtype dtype, List<Long> shape, MemorySegment data) {
    public Tensor {
        shape = List.copyOf(shape);
        if (shape.stream().anyMatch(extent -> extent < 0) || byteSize(dtype, shape) != data.byteSize()) {
            throw new IllegalArgumentException("tensor " + name + ": " + dtype + " " + shape + " needs "
                    + byteSize(dtype, shape) + " bytes, not " + data.byteSize());
        }
    }

    /** Elements times their size; -1 beyond {@code Long.MAX_VALUE} bytes. */
    static long byteSize(Dtype dtype, List<Long> shape) {
        long bytes = dtype.bytes();
        boolean overflow = false;
        for (long extent : shape) {
            if (extent == 0) {
                return 0;
            }
            overflow |= Math.multiplyHigh(bytes, extent) != 0 || bytes * extent < 0;
            bytes *= extent;
        }
        return overflow ? -1 : bytes;
    }
}
