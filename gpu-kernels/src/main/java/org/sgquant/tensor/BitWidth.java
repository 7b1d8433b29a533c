package org.sgquant.tensor;

import java.util.List;

/**
 * Width q of a code: 1 to 8 and 16 are packed, 32 is the exact float32 bypass.
 *
 * <p>Codes never straddle a word: 8, 4, 2 and 1 are native; 3 = 2+1, 5 = 4+1, 6 = 4+2, 7 = 4+2+1 and 16 = 8+8 are kept
 * as sections, widest first, the first section holding the most significant bits.
 */
public enum BitWidth {
    Q1(1, 1),
    Q2(2, 2),
    Q3(3, 2, 1),
    Q4(4, 4),
    Q5(5, 4, 1),
    Q6(6, 4, 2),
    Q7(7, 4, 2, 1),
    Q8(8, 8),
    Q16(16, 8, 8),
    FP32(32, 32);

    private static final List<BitWidth> ALL = List.of(values());

    private final int bits;
    private final List<Integer> sections;

    BitWidth(int bits, Integer... sections) {
        this.bits = bits;
        this.sections = List.of(sections);
    }

    public static BitWidth of(int bits) {
        for (BitWidth width : ALL) {
            if (width.bits == bits) {
                return width;
            }
        }
        throw new IllegalArgumentException(
                "bit width " + bits + " does not exist: choose one of 1 2 3 4 5 6 7 8 16 or 32 (not quantized)");
    }

    public int bits() {
        return bits;
    }

    /** Whether codes are stored; {@link #FP32} stores the floats themselves. */
    public boolean isPacked() {
        return this != FP32;
    }

    /** Whether a code fits a byte. */
    public boolean isByte() {
        return bits <= 8;
    }

    /** Largest code, {@code 2^q - 1}. */
    public int maxCode() {
        if (!isPacked()) {
            throw new IllegalStateException("32-bit values have no codes");
        }
        return (1 << bits) - 1;
    }

    /** Widths of the sections, widest first, most significant bits first. */
    public List<Integer> sections() {
        return sections;
    }
}
