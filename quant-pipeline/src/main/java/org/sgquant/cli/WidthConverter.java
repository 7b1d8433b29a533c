package org.sgquant.cli;

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
}
