package org.sgquant.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.Memory;

/** Reader of {@code learned-oracle.txt}, whose head says how its numbers were computed. */
final class LearnedOracle {

    private final Map<String, float[]> shared = new HashMap<>();
    private final List<Case> cases = new ArrayList<>();

    /** Expected results of one granularity. */
    record Case(Granularity granularity, Map<String, float[]> fields) {

        /** Values {@code row * n ..} of a field. */
        FloatMatrix row(Memory memory, String field, int row, int n) {
            FloatMatrix m = FloatMatrix.allocate(memory, 1, n);
            for (int i = 0; i < n; i++) {
                m.set(0, i, fields.get(field)[row * n + i]);
            }
            return m;
        }
    }

    LearnedOracle() {
        try (InputStream in = LearnedOracle.class.getResourceAsStream("learned-oracle.txt")) {
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
            cases.add(new Case(Granularity.valueOf(words[1]), new HashMap<>()));
            return;
        }
        float[] values = new float[words.length - 1];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.parseFloat(words[i + 1]);
        }
        (cases.isEmpty() ? shared : cases.get(cases.size() - 1).fields()).put(words[0], values);
    }

    List<Case> cases() {
        return cases;
    }

    /** A shared 7 x 5 field. */
    FloatMatrix matrix(Memory memory, String field) {
        float[] values = shared.get(field);
        return FloatMatrix.of(
                memory,
                Stream.iterate(0, r -> r + 5)
                        .limit(values.length / 5)
                        .map(r -> java.util.Arrays.copyOfRange(values, r, r + 5))
                        .toArray(float[][]::new));
    }
}
