package org.sgquant.tensor;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Width q of a code and what it stands for: integers of 1 to 8 and 16 bits, floats of 4, 6 and 8 bits
 * ({@link FloatFormat}), all packed; 32 is the exact float32 bypass.
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
    E2M1(new FloatFormat(2, 1, 0b111), 4),
    E3M2(new FloatFormat(3, 2, 0b11111), 4, 2),
    E4M3(new FloatFormat(4, 3, 0b1111110), 8),
    E5M2(new FloatFormat(5, 2, 0b1111011), 8),
    FP32(32, 32);

    private static final List<BitWidth> ALL = List.of(values());
    private static final Map<Integer, BitWidth> BY_ID =
            ALL.stream().collect(Collectors.toMap(BitWidth::id, width -> width));

    private final int bits;
    private final List<Integer> sections;
    private final FloatFormat format;

    BitWidth(int bits, Integer... sections) {
        this.bits = bits;
        this.sections = List.of(sections);
        this.format = null;
    }

    BitWidth(FloatFormat format, Integer... sections) {
        this.bits = 1 + format.exponentBits() + format.mantissaBits();
        this.sections = List.of(sections);
        this.format = format;
    }

    /** The integer width of {@code bits} bits, or {@link #FP32}. */
    public static BitWidth of(int bits) {
        return of(Integer.toString(bits));
    }

    /** The width that {@code name} is the {@link #toString} of: {@code 4}, {@code e4m3}. */
    public static BitWidth of(String name) {
        for (BitWidth width : ALL) {
            if (width.toString().equals(name)) {
                return width;
            }
        }
        String packed =
                ALL.stream().filter(BitWidth::isPacked).map(BitWidth::toString).collect(Collectors.joining(" "));
        throw new IllegalArgumentException(
                "bit width " + name + " does not exist: choose one of " + packed + " or 32 (not quantized)");
    }

    /** The width that {@code id} is the {@link #id} of. */
    public static BitWidth ofId(int id) {
        BitWidth width = BY_ID.get(id);
        if (width == null) {
            throw new IllegalArgumentException("no bit width has the id " + id);
        }
        return width;
    }

    /**
     * What stands for the width in lists of numbers, for good: the bits of an integer and of {@link #FP32}, bits, exponent
     * and mantissa as digits of a float, {@code 843} for {@code e4m3}.
     */
    public int id() {
        return isFloat() ? 100 * bits + 10 * format.exponentBits() + format.mantissaBits() : bits;
    }

    public int bits() {
        return bits;
    }

    /** Whether codes are stored; {@link #FP32} stores the floats themselves. */
    public boolean isPacked() {
        return this != FP32;
    }

    /** Whether codes are integers, of which a scale and an offset make values. */
    public boolean isInteger() {
        return isPacked() && format == null;
    }

    /** Whether codes are floats, with scales of their own in every row. */
    public boolean isFloat() {
        return format != null;
    }

    /** What the codes stand for where {@link #isFloat}, else null. */
    public FloatFormat format() {
        return format;
    }

    /** Whether codes are integers that fit a byte. */
    public boolean isByte() {
        return isInteger() && bits <= 8;
    }

    /** Largest code of an integer width, {@code 2^q - 1}. */
    public int maxCode() {
        if (!isInteger()) {
            throw new IllegalStateException("values of width " + this + " have no integer codes");
        }
        return (1 << bits) - 1;
    }

    /** Widths of the sections, widest first, most significant bits first. */
    public List<Integer> sections() {
        return sections;
    }

    /** The name of settings: {@code 4}, {@code e4m3}, {@code 32}. */
    @Override
    public String toString() {
        return isFloat() ? name().toLowerCase(Locale.ROOT) : Integer.toString(bits);
    }
}
