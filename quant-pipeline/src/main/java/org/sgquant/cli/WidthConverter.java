package org.sgquant.cli;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.sgquant.tensor.BitWidth;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The name of a bit width, as {@code 4} or {@code e4m3}. */
final class WidthConverter implements ITypeConverter<BitWidth> {

    @Override
    public BitWidth convert(String name) {
        try {
            return BitWidth.of(name);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    /** Refuses a width that is there twice. */
    static void requireDistinct(String option, List<BitWidth> widths) {
        Set<BitWidth> seen = new HashSet<>();
        for (BitWidth width : widths) {
            if (!seen.add(width)) {
                throw new IllegalArgumentException(option + " has " + width + " twice");
            }
        }
    }
}
