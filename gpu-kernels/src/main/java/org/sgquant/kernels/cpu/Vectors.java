package org.sgquant.kernels.cpu;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.sgquant.tensor.FloatMatrix;

/**
 * The widest float vectors of this machine, and how they lie over the rows of a {@link FloatMatrix}.
 *
 * <p>Hot loops call the vector and segment API itself, never through helpers: the compiler always inlines that, but
 * gives up on helpers in long methods, and a vector that crosses a call costs an allocation.
 */
final class Vectors {

    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());

    /** Floats of a vector: a divisor of {@link #LINE}, so that vectors cover the padding and no loop needs a tail. */
    static final int LANES = FLOATS.length();

    static final ByteOrder ORDER = ByteOrder.nativeOrder();

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
}
