package org.sgquant.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.Rounding;

/** Reader of {@code numpy-oracle.txt} and its like, whose heads say how their numbers were computed. */
final class NumpyOracle {

    static final int ROWS = 5;
    static final int COLS = 19;

    private final Map<String, String[]> shared = new HashMap<>();
    private final List<Case> cases = new ArrayList<>();

    /** Expected results of one width and rounding. */
    record Case(BitWidth bits, Rounding rounding, Map<String, String[]> fields) {

        int[] ints(String field) {
            return Stream.of(fields.get(field)).mapToInt(Integer::parseInt).toArray();
        }

        String text(String field) {
            return String.join(" ", fields.get(field));
        }

        float[] floats(String field) {
            return NumpyOracle.floats(fields.get(field));
        }

        byte[] packed() {
            return HexFormat.of().parseHex(String.join("", fields.get("packed")));
        }
    }

    NumpyOracle(String file) {
        try (InputStream in = NumpyOracle.class.getResourceAsStream(file)) {
            new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .forEach(this::read);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void read(String line) {
        String[] words = line.split(" ");
        if (words[0].equals("case")) {
            cases.add(new Case(BitWidth.of(Integer.parseInt(words[1])), Rounding.valueOf(words[2]), new HashMap<>()));
            return;
        }
        Map<String, String[]> target =
                cases.isEmpty() ? shared : cases.get(cases.size() - 1).fields();
        target.put(words[0], Stream.of(words).skip(1).toArray(String[]::new));
    }

    List<Case> cases() {
        return cases;
    }

    int[] ints(String field) {
        return Stream.of(shared.get(field)).mapToInt(Integer::parseInt).toArray();
    }

    float[] floats(String field) {
        return floats(shared.get(field));
    }

    FloatMatrix x(Memory memory) {
        return matrix(memory, floats(shared.get("x")));
    }

    static FloatMatrix matrix(Memory memory, float[] values) {
        FloatMatrix m = FloatMatrix.allocate(memory, ROWS, COLS);
        for (int i = 0; i < values.length; i++) {
            m.set(i / COLS, i % COLS, values[i]);
        }
        return m;
    }

    private static float[] floats(String[] words) {
        float[] values = new float[words.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(Integer.parseUnsignedInt(words[i], 16));
        }
        return values;
    }
}
