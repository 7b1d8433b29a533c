package org.sgquant.cli;

import java.util.List;
import java.util.function.Function;
import org.sgquant.quant.BitAssignment;
import picocli.CommandLine.Option;

/** Widths of single cells, over those of an assignment. */
final class LayerOptions {

    @Option(
            names = "--layer",
            paramLabel = "GLOB=BITS",
            description =
                    "Width of the cells that GLOB matches, as 'L2.*=8' or '*.message=[8,4,4,2]', over chosen bits;"
                            + " give it as often as wanted, later ones override.")
    List<String> layers = List.of();

    /** The bits {@code text} as {@code parse} takes them, with these widths over them. */
    BitAssignment over(Function<String, BitAssignment> parse, String text) {
        BitAssignment bits = parse.apply(text);
        for (String layer : layers) {
            int equals = layer.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("--layer '" + layer + "' is not of the form GLOB=BITS, as 'L2.*=8'");
            }
            bits = bits.with(layer.substring(0, equals), layer.substring(equals + 1));
        }
        return layers.isEmpty() ? bits : parse.apply(bits.toString());
    }

    /** Refuses these options where no bits are chosen. */
    void refuse(String why) {
        if (!layers.isEmpty()) {
            throw new IllegalArgumentException("--layer " + layers.get(0) + " is for chosen bits: " + why);
        }
    }
}
