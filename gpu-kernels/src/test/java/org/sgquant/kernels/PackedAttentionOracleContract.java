package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedLayout;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;

/** {@link PackedAttentionOps} against codes and sums worked out by NumPy, {@code attention-oracle.txt}. */
public interface PackedAttentionOracleContract {

    PackedAttentionOps ops();

    @Test
    default void codes_and_sums_of_attention_are_those_of_numpy() {
        List<Map<String, String[]>> cases = read();
        assertThat(cases).hasSize(32);
        try (PackedFixture f = new PackedFixture()) {
            cases.forEach(c -> check(f, c));
        }
    }

    private void check(PackedFixture f, Map<String, String[]> oracle) {
        String[] head = oracle.get("case");
        String what = String.join(" ", head);
        boolean cosine = head[0].equals("cosine");
        SoftmaxOrder order = SoftmaxOrder.valueOf(head[1]);
        BitWidth bits = BitWidth.of(Integer.parseInt(head[2]));
        int heads = Integer.parseInt(head[3]);
        int cols = Integer.parseInt(head[4]);
        CsrGraph graph = CsrGraph.of(f.memory, 6, ints(oracle.get("rowPtr")), ints(oracle.get("colIdx")));
        PackedMatrix x = PackedMatrix.allocate(f.memory, f.uniform(6, cols, BitWidth.Q3, Granularity.TENSOR));
        QuantScheme.Block block = x.scheme().blocks().get(0);
        block.params().scale().set(0, 0, floats(oracle.get("params"))[0]);
        block.params().offset().set(0, 0, floats(oracle.get("params"))[1]);
        int[] messages = ints(oracle.get("x"));
        for (int i = 0; i < messages.length; i++) {
            long row = (long) (i / cols) * x.stride(0);
            PackedLayout.setCode(x.data(0), row, BitWidth.Q3, cols, i % cols, messages[i]);
        }
        QuantScheme scheme = AttentionFixture.scheme(f, graph, heads, Rounding.NEAREST, bits);
        scheme.blocks().get(0).params().scale().set(0, 0, floats(oracle.get("scale"))[0]);
        PackedMatrix attention = AttentionFixture.dirty(f, scheme);
        FloatMatrix out = f.output(6, cols);
        if (cosine) {
            FloatMatrix norms = f.output(1, 6);
            FloatMatrix beta = FloatMatrix.ofVector(f.memory, floats(oracle.get("beta")));
            ops().norms(x, norms);
            ops().attendCosine(graph, norms, beta, x, order, attention, out);
        } else {
            FloatMatrix target = matrix(f, 6, heads, oracle.get("target"));
            FloatMatrix source = matrix(f, 6, heads, oracle.get("source"));
            ops().attendAdditive(graph, target, source, 0.2f, x, order, attention, out);
        }
        int[] codes = IntStream.range(0, graph.numEdges() * heads)
                .map(i -> attention.code(i / heads, i % heads))
                .toArray();
        assertThat(codes).as(what).containsExactly(ints(oracle.get("codes")));
        f.assertSameBits(out, matrix(f, 6, cols, oracle.get("out")), what);
    }

    private static List<Map<String, String[]>> read() {
        List<Map<String, String[]>> cases = new ArrayList<>();
        try (InputStream in = PackedAttentionOracleContract.class.getResourceAsStream("attention-oracle.txt")) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                if (line.startsWith("case ")) {
                    cases.add(new HashMap<>());
                }
                if (!line.startsWith("#")) {
                    String[] words = line.split(" ");
                    cases.get(cases.size() - 1)
                            .put(words[0], Stream.of(words).skip(1).toArray(String[]::new));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return cases;
    }

    private static FloatMatrix matrix(PackedFixture f, int rows, int cols, String[] words) {
        float[] values = floats(words);
        FloatMatrix m = FloatMatrix.allocate(f.memory, rows, cols);
        for (int i = 0; i < values.length; i++) {
            m.set(i / cols, i % cols, values[i]);
        }
        return m;
    }

    private static int[] ints(String[] words) {
        return Stream.of(words).mapToInt(Integer::parseInt).toArray();
    }

    private static float[] floats(String[] words) {
        float[] values = new float[words.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(Integer.parseUnsignedInt(words[i], 16));
        }
        return values;
    }
}
