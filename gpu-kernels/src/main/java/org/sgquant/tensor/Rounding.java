package org.sgquant.tensor;

/** How a real value becomes a code. */
public enum Rounding {
    /** {@code u = rint((x - offset) / scale)}, half to even, with {@code scale = (hi - lo) / (2^q - 1)}. */
    NEAREST,
    /** {@code u = floor((x - offset) / scale)} with {@code scale = (hi - lo) / 2^q}: the form printed in SGQuant. */
    PAPER;

    /** Steps that a range is cut into: {@code 2^q - 1}, or {@code 2^q} for {@link #PAPER}. */
    public int steps(BitWidth bits) {
        return this == PAPER ? bits.maxCode() + 1 : bits.maxCode();
    }
}
