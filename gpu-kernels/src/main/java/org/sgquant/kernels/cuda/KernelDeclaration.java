package org.sgquant.kernels.cuda;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One exported kernel: what the loader, the tests and the benchmarks need to know of it.
 *
 * <p>{@code block} threads per block; {@code leastCapability} 75 for sm_75; {@code tolerance} 0 where results have the
 * bits of the reference, else the relative error per sqrt(terms); {@code traffic} the bytes moved, a formula over n
 * (rows), m (source rows), nnz, f (columns), k (inner columns), r (bytes of a packed row).
 */
public record KernelDeclaration(
        String name,
        String source,
        int block,
        int maxRegisters,
        int leastCapability,
        double tolerance,
        List<Argument> arguments,
        String traffic) {

    /** Kind of an argument: its letter or word in {@code kernels.list} and its bytes. */
    public enum Kind {
        POINTER("p", 8),
        INT32("i", 4),
        INT64("l", 8),
        FLOAT32("f", 4),
        FLOAT64("d", 8),
        PACKED("packed", PackedStructs.PACKED_BYTES),
        WEIGHTS("weights", PackedStructs.WEIGHTS_BYTES);

        private final String word;
        private final int bytes;

        Kind(String word, int bytes) {
            this.word = word;
            this.bytes = bytes;
        }

        public int bytes() {
            return bytes;
        }

        static Kind parse(String word) {
            return Arrays.stream(values())
                    .filter(kind -> kind.word.equals(word))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("argument type '" + word
                            + "' does not exist: choose "
                            + Arrays.stream(values()).map(k -> k.word).collect(Collectors.joining(", "))));
        }
    }

    /** A parameter of the kernel. */
    public record Argument(String name, Kind kind) {

        static Argument parse(String text) {
            String[] parts = text.split(":", -1);
            if (parts.length != 2) {
                throw new IllegalArgumentException("argument '" + text + "' must be name:type");
            }
            return new Argument(parts[0], Kind.parse(parts[1]));
        }
    }

    /** Parses one line of {@code kernels.list}. */
    static KernelDeclaration parse(String line) {
        String[] fields = line.strip().split("\\s+");
        if (fields.length != 8) {
            throw new IllegalArgumentException("got " + fields.length + " fields, expected 8");
        }
        return new KernelDeclaration(
                fields[0],
                fields[1],
                Integer.parseInt(fields[2]),
                Integer.parseInt(fields[3]),
                Integer.parseInt(fields[4]),
                Double.parseDouble(fields[5]),
                Arrays.stream(fields[6].split(",", -1)).map(Argument::parse).toList(),
                fields[7]);
    }
}
