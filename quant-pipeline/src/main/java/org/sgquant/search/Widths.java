package org.sgquant.search;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.sgquant.tensor.BitWidth;

/** The numbers in a configuration: ids of {@link BitWidth}, which are the bits of an integer but not those of a float. */
final class Widths {

    /** By what a value takes: bits, and of equal bits the integer before floats, which store scales beside them. */
    static final Comparator<Integer> ORDER =
            Comparator.comparingInt(Widths::bits).thenComparing(Comparator.naturalOrder());

    private Widths() {}

    /** Bits of a code. */
    static int bits(int id) {
        return BitWidth.ofId(id).bits();
    }

    /** Significant bits of a value: all of an integer's, of a float's the mantissa with its leading one. */
    static int precision(int id) {
        return isFloat(id) ? 1 + BitWidth.ofId(id).format().mantissaBits() : bits(id);
    }

    static boolean isFloat(int id) {
        return BitWidth.ofId(id).isFloat();
    }

    /** Names joined by {@code separator}. */
    static String text(List<Integer> ids, String separator) {
        return ids.stream().map(id -> BitWidth.ofId(id).toString()).collect(Collectors.joining(separator));
    }

    /** The ids that {@link #text} names. */
    static List<Integer> parse(String names, String separator) {
        return Arrays.stream(names.split(separator))
                .map(name -> BitWidth.of(name).id())
                .toList();
    }
}
