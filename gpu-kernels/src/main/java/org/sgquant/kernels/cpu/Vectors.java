package org.sgquant.kernels.cpu;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;
import org.sgquant.tensor.FloatMatrix;

/** The widest float vectors of this machine, and how they lie over the rows of a {@link FloatMatrix}. */
final class Vectors {

    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());

    /** Floats of a vector: a divisor of {@link #LINE}, so that vectors cover the padding and no loop needs a tail. */
    static final int LANES = FLOATS.length();

    static final long BYTES = FLOATS.vectorByteSize();

    /** Floats of a cache line, the unit in which rows are padded. */
    static final int LINE = 16;

    static final long LINE_BYTES = (long) LINE * Float.BYTES;

    private Vectors() {}

    /** Vectors that cover one row of {@code cols} values. */
    static int count(int cols) {
        return Math.ceilDiv(cols, LANES);
    }

    /** Cache lines of {@code x}, padding included. */
    static int lines(FloatMatrix x) {
        return Math.toIntExact(x.bytes() / LINE_BYTES);
    }

    /** Bytes from one row of {@code x} to the next. */
    static long rowBytes(FloatMatrix x) {
        return (long) x.stride() * Float.BYTES;
    }

    static FloatVector load(MemorySegment data, long offset) {
        return FloatVector.fromMemorySegment(FLOATS, data, offset, LITTLE_ENDIAN);
    }

    static IntVector iota() {
        return IntVector.zero(INTS).addIndex(1);
    }

    static void store(FloatVector v, MemorySegment data, long offset) {
        v.intoMemorySegment(data, offset, LITTLE_ENDIAN);
    }
}
