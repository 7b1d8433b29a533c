package org.sgquant.kernels.cpu;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Vector species of the packed kernels: the machine's preferred width, at most 512 bits, and the narrower byte and
 * short vectors that widen into it.
 *
 * <p>Only whole-vector conversions of part 0 are used; others are not compiled to single instructions.
 */
final class Lanes {

    static final VectorSpecies<Float> FLOAT = FloatVector.SPECIES_PREFERRED.vectorBitSize() > 512
            ? FloatVector.SPECIES_512
            : FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> INT = FLOAT.withLanes(int.class);
    static final VectorSpecies<Short> SHORT = FLOAT.withLanes(short.class);
    static final VectorSpecies<Byte> BYTE = FLOAT.withLanes(byte.class);

    /** Bytes that widen to one vector of shorts. */
    static final VectorSpecies<Byte> BYTE_HALF = narrow(byte.class, 2);

    /** Bytes that widen to one vector of ints; where that is less than 64 bits, the upper ones are ignored. */
    static final VectorSpecies<Byte> BYTE_QUARTER = narrow(byte.class, 4);

    /** Shorts that widen to one vector of ints. */
    static final VectorSpecies<Short> SHORT_HALF = narrow(short.class, 2);

    static final int FLOATS = FLOAT.length();
    static final int BYTES = BYTE.length();

    private Lanes() {}

    private static <E> VectorSpecies<E> narrow(Class<E> type, int divisor) {
        return VectorSpecies.of(type, VectorShape.forBitSize(Math.max(64, FLOAT.vectorBitSize() / divisor)));
    }

    /** Length of a scratch array for {@code cols} columns: whole byte vectors and one more to read past the end. */
    static int padded(int cols) {
        return Math.ceilDiv(cols, BYTES) * BYTES + BYTES;
    }

    /** Unsigned bytes {@code a[i ..]} as ints. */
    static IntVector ints(byte[] a, int i) {
        return ints(ByteVector.fromArray(BYTE_QUARTER, a, i));
    }

    /** Unsigned bytes as ints. */
    static IntVector ints(ByteVector quarter) {
        return (IntVector) quarter.convertShape(VectorOperators.ZERO_EXTEND_B2I, INT, 0);
    }

    /** Unsigned shorts {@code a[i ..]} as ints. */
    static IntVector ints(short[] a, int i) {
        return (IntVector)
                ShortVector.fromArray(SHORT_HALF, a, i).convertShape(VectorOperators.ZERO_EXTEND_S2I, INT, 0);
    }

    /** Unsigned bytes as shorts. */
    static ShortVector shorts(ByteVector half) {
        return (ShortVector) half.convertShape(VectorOperators.ZERO_EXTEND_B2S, SHORT, 0);
    }

    /** Ints as floats, rounded once. */
    static FloatVector floats(IntVector v) {
        return (FloatVector) v.convertShape(VectorOperators.I2F, FLOAT, 0);
    }
}
