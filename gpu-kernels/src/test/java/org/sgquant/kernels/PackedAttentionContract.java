package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.kernels.reference.ReferencePackedAttentionOps;
import org.sgquant.kernels.reference.ReferencePackedOps;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;
import org.sgquant.tensor.ShapeException;

/** {@link PackedAttentionOps} of a backend: codes and sums have the bits of the reference, and mean what they should. */
public interface PackedAttentionContract {

    /** Granularities that messages under attention may have: all but row codes. */
    List<Granularity> SUMMED = Stream.of(Granularity.values())
            .filter(g -> g != Granularity.ROW_CODE)
            .toList();

    int SOURCES = 12;

    PackedAttentionOps ops();

    private static PackedOps packed() {
        return new ReferencePackedOps();
    }

    /** Runs additive attention with random scores on a backend and on the reference, and compares. */
    private void compareAdditive(
            PackedFixture f, CsrGraph graph, PackedMatrix x, int heads, QuantScheme scheme, String what) {
        FloatMatrix target = f.matrix(graph.numRows(), heads);
        FloatMatrix source = f.matrix(graph.numCols(), heads);
        for (SoftmaxOrder order : SoftmaxOrder.values()) {
            PackedMatrix codes = AttentionFixture.dirty(f, scheme);
            PackedMatrix expectedCodes = AttentionFixture.dirty(f, scheme);
            FloatMatrix out = f.output(graph.numRows(), x.cols());
            FloatMatrix expected = f.output(graph.numRows(), x.cols());
            ops().attendAdditive(graph, target, source, 0.2f, x, order, codes, out);
            new ReferencePackedAttentionOps()
                    .attendAdditive(graph, target, source, 0.2f, x, order, expectedCodes, expected);
            f.assertSameCodes(codes, expectedCodes, what + " " + order);
            f.assertSameBits(out, expected, what + " " + order);
        }
    }

    private void compareCosine(PackedFixture f, CsrGraph graph, PackedMatrix x, QuantScheme scheme, String what) {
        FloatMatrix norms = f.output(1, x.rows());
        FloatMatrix expectedNorms = f.output(1, x.rows());
        ops().norms(x, norms);
        new ReferencePackedAttentionOps().norms(x, expectedNorms);
        f.assertSameBits(norms, expectedNorms, what + " norms");
        FloatMatrix beta = x.cols() % 2 == 0 ? null : f.filled(1, 1, 3.25f);
        for (SoftmaxOrder order : SoftmaxOrder.values()) {
            PackedMatrix codes = AttentionFixture.dirty(f, scheme);
            PackedMatrix expectedCodes = AttentionFixture.dirty(f, scheme);
            FloatMatrix out = f.output(graph.numRows(), x.cols());
            FloatMatrix expected = f.output(graph.numRows(), x.cols());
            ops().attendCosine(graph, norms, beta, x, order, codes, out);
            new ReferencePackedAttentionOps().attendCosine(graph, norms, beta, x, order, expectedCodes, expected);
            f.assertSameCodes(codes, expectedCodes, what + " " + order);
            f.assertSameBits(out, expected, what + " " + order);
        }
    }

    @Test
    default void a_graph_without_edges_needs_no_block_of_attention() {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(SOURCES, 0, 0, 0);
            QuantScheme none = QuantScheme.create(
                    f.memory, "L1.attention", new int[] {0}, 2, List.of(), Granularity.BUCKET, Rounding.NEAREST);
            PackedMatrix x =
                    f.packed(packed(), f.matrix(SOURCES, 6), f.uniform(SOURCES, 6, BitWidth.Q4, Granularity.TENSOR));
            for (SoftmaxOrder order : SoftmaxOrder.values()) {
                FloatMatrix out = f.output(3, 6);
                ops().attendAdditive(
                                graph,
                                f.matrix(3, 2),
                                f.matrix(SOURCES, 2),
                                0.2f,
                                x,
                                order,
                                PackedMatrix.allocate(f.memory, none),
                                out);
                f.assertSameBits(out, f.filled(3, 6, 0), "sum of nothing, " + order);
                ops().fakeAttention(graph, f.matrix(0, 2), order, none, f.output(0, 2));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "E.+", mode = EnumSource.Mode.MATCH_NONE)
    default void additive_attention_has_the_bits_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(SOURCES, PackedFixture.DEGREES);
            int turn = 0;
            for (int heads : new int[] {1, 2, 3, 8, 9}) {
                for (int headCols : new int[] {0, 1, 4, 7, 11, 32, 33}) {
                    FloatMatrix values = f.matrix(SOURCES, heads * headCols);
                    Granularity granularity = SUMMED.get(turn % SUMMED.size());
                    BitWidth other = List.of(BitWidth.values()).get(turn++ % BitWidth.values().length);
                    QuantScheme xScheme = f.scheme(SOURCES, heads * headCols, other, granularity, Rounding.NEAREST);
                    PackedMatrix x = f.packed(packed(), values, xScheme);
                    QuantScheme scheme =
                            AttentionFixture.scheme(f, graph, heads, Rounding.NEAREST, bits, integers(other));
                    String what = "attention " + bits + " and " + other + ", x " + other + " " + granularity + ", "
                            + heads + " heads of " + headCols;
                    compareAdditive(f, graph, x, heads, scheme, what);
                }
            }
        }
    }

    /** A width that attention may have. */
    private static BitWidth integers(BitWidth bits) {
        return bits.isFloat() ? BitWidth.Q5 : bits;
    }

    @ParameterizedTest
    @EnumSource(BitWidth.class)
    default void cosine_attention_has_the_bits_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(SOURCES, 0, 1, 2, 17, 18, 0, 5, 90, 1, 3, 3, 0);
            for (int cols : new int[] {0, 1, 2, 5, 16, 31, 32, 33, 67}) {
                FloatMatrix values = f.matrix(SOURCES, cols);
                values.setRow(3, new float[cols]);
                for (Granularity granularity : SUMMED) {
                    PackedMatrix x =
                            f.packed(packed(), values, f.scheme(SOURCES, cols, bits, granularity, Rounding.NEAREST));
                    QuantScheme scheme =
                            AttentionFixture.scheme(f, graph, 1, Rounding.PAPER, BitWidth.Q4, integers(bits));
                    compareCosine(f, graph, x, scheme, "x " + bits + " " + granularity + " F=" + cols);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "E.+", mode = EnumSource.Mode.MATCH_NONE)
    default void fake_attention_has_the_weights_that_packed_attention_sums_with(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            // Node j alone is 1 in column j, so that the sums are the weights; no source is repeated in a row.
            CsrGraph graph = CsrGraph.of(f.memory, 5, new int[] {0, 3, 3, 4, 9}, new int[] {0, 2, 4, 3, 0, 1, 2, 3, 4});
            FloatMatrix unit = f.filled(5, 5, 0);
            for (int j = 0; j < 5; j++) {
                unit.set(j, j, 1);
            }
            PackedMatrix x = f.packed(packed(), unit, f.uniform(5, 5, BitWidth.Q1, Granularity.TENSOR));
            FloatMatrix target = f.matrix(4, 1);
            FloatMatrix source = f.matrix(5, 1);
            FloatMatrix scores = f.output(9, 1);
            for (int i = 0, e = 0; i < 4; i++) {
                for (; e < graph.rowPtr().get(i + 1); e++) {
                    float t = target.get(i, 0) + source.get(graph.colIdx().get(e), 0);
                    scores.set(e, 0, t > 0 ? t : 0.2f * t);
                }
            }
            for (SoftmaxOrder order : SoftmaxOrder.values()) {
                QuantScheme scheme = AttentionFixture.scheme(f, graph, 1, Rounding.NEAREST, bits, BitWidth.Q3);
                FloatMatrix out = f.output(4, 5);
                PackedMatrix codes = AttentionFixture.dirty(f, scheme);
                FloatMatrix weights = f.output(9, 1);
                ops().attendAdditive(graph, target, source, 0.2f, x, order, codes, out);
                ops().fakeAttention(graph, scores, order, scheme, weights);
                for (int i = 0, e = 0; i < 4; i++) {
                    for (; e < graph.rowPtr().get(i + 1); e++) {
                        assertThat(weights.get(e, 0))
                                .as("edge %d, %s, seed %d", e, order, f.seed)
                                .isEqualTo(out.get(i, graph.colIdx().get(e)));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "E.+", mode = EnumSource.Mode.MATCH_NONE)
    default void fake_attention_has_the_bits_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(SOURCES, PackedFixture.DEGREES);
            for (int heads : new int[] {1, 2, 3, 8, 17}) {
                FloatMatrix scores = f.matrix(graph.numEdges(), heads);
                QuantScheme scheme = AttentionFixture.scheme(f, graph, heads, Rounding.NEAREST, bits, BitWidth.Q2);
                for (SoftmaxOrder order : SoftmaxOrder.values()) {
                    FloatMatrix actual = f.output(graph.numEdges(), heads);
                    FloatMatrix expected = f.output(graph.numEdges(), heads);
                    ops().fakeAttention(graph, scores, order, scheme, actual);
                    new ReferencePackedAttentionOps().fakeAttention(graph, scores, order, scheme, expected);
                    f.assertSameBits(actual, expected, bits + " " + order + " " + heads + " heads");
                }
            }
        }
    }

    /** Sums of 8-bit codes times 8-bit codes leave unsigned 32 bits between the two degrees. */
    @Test
    default void hub_rows_have_the_bits_of_the_reference() {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(SOURCES, 3, 5003, 0, 66053, 1);
            FloatMatrix values = f.filled(SOURCES, 6, 1);
            values.set(0, 0, 0);
            QuantScheme xScheme = f.uniform(SOURCES, 6, BitWidth.Q8, Granularity.TENSOR);
            PackedMatrix x = f.packed(packed(), values, xScheme);
            QuantScheme scheme = AttentionFixture.scheme(f, graph, 2, Rounding.NEAREST, BitWidth.Q8);
            FloatMatrix equal = f.filled(graph.numRows(), 2, 0);
            FloatMatrix source = f.filled(SOURCES, 2, 0);
            PackedMatrix codes = AttentionFixture.dirty(f, scheme);
            FloatMatrix out = f.output(graph.numRows(), 6);
            ops().attendAdditive(graph, equal, source, 0.2f, x, SoftmaxOrder.ROUND_THEN_DIVIDE, codes, out);
            for (int row : new int[] {0, 1, 3, 4}) {
                assertThat(out.get(row, 5)).as("mean of ones, row %d", row).isEqualTo(1f, within(1e-6f));
            }
            assertThat(out.get(2, 5)).as("a row without an edge").isZero();
            compareAdditive(f, graph, x, 2, scheme, "hub");
        }
    }

    @Test
    default void rows_shared_out_over_threads_have_the_bits_of_the_reference() {
        try (PackedFixture f = new PackedFixture()) {
            int n = 1009;
            int[] degrees = new int[n];
            Arrays.setAll(degrees, i -> i % 500 == 3 ? 700 : f.random.nextInt(9));
            CsrGraph graph = f.graph(n, degrees);
            FloatMatrix values = f.matrix(n, 56);
            PackedMatrix x =
                    f.packed(packed(), values, f.scheme(n, 56, BitWidth.Q2, Granularity.COLUMN, Rounding.NEAREST));
            QuantScheme eight =
                    AttentionFixture.scheme(f, graph, 8, Rounding.NEAREST, BitWidth.Q4, BitWidth.Q2, BitWidth.Q1);
            compareAdditive(f, graph, x, 8, eight, "many rows");
            PackedMatrix y =
                    f.packed(packed(), values, f.scheme(n, 56, BitWidth.Q5, Granularity.BUCKET, Rounding.NEAREST));
            QuantScheme one = AttentionFixture.scheme(f, graph, 1, Rounding.NEAREST, BitWidth.Q3, BitWidth.FP32);
            compareCosine(f, graph, y, one, "many rows");
        }
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q.+", mode = EnumSource.Mode.MATCH_ALL)
    default void weights_that_are_divided_last_add_up_to_one(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(SOURCES, PackedFixture.DEGREES);
            PackedMatrix ones =
                    f.packed(packed(), f.filled(SOURCES, 6, 1), f.uniform(SOURCES, 6, BitWidth.Q1, Granularity.TENSOR));
            PackedMatrix codes =
                    AttentionFixture.dirty(f, AttentionFixture.scheme(f, graph, 3, Rounding.NEAREST, bits));
            FloatMatrix out = f.output(graph.numRows(), 6);
            FloatMatrix target = f.matrix(graph.numRows(), 3);
            FloatMatrix source = f.matrix(SOURCES, 3);
            ops().attendAdditive(graph, target, source, 0.2f, ones, SoftmaxOrder.ROUND_THEN_DIVIDE, codes, out);
            for (int i = 0; i < graph.numRows(); i++) {
                for (int c = 0; c < 6; c++) {
                    float expected = graph.degree(i) == 0 ? 0 : 1;
                    assertThat(out.get(i, c)).as("row %d, seed %d", i, f.seed).isEqualTo(expected, within(1e-6f));
                }
            }
        }
    }

    @Test
    default void a_score_that_is_no_number_is_refused_by_edge_and_head() {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(4, 2, 0, 3);
            PackedMatrix x = f.packed(packed(), f.matrix(4, 4), f.uniform(4, 4, BitWidth.Q4, Granularity.TENSOR));
            PackedMatrix codes =
                    AttentionFixture.dirty(f, AttentionFixture.scheme(f, graph, 2, Rounding.NEAREST, BitWidth.Q4));
            FloatMatrix target = f.filled(3, 2, 0);
            target.set(2, 1, Float.NEGATIVE_INFINITY);
            FloatMatrix source = f.filled(4, 2, 0);
            FloatMatrix out = f.output(3, 4);
            assertThatThrownBy(() -> ops().attendAdditive(
                                    graph, target, source, 0.2f, x, SoftmaxOrder.DIVIDE_THEN_ROUND, codes, out))
                    .isInstanceOf(NonFiniteException.class)
                    .hasMessageContaining("L1.attention")
                    .hasMessageContaining("row 2, column 1");
        }
    }

    @Test
    default void operands_that_do_not_fit_are_refused() {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(4, 2, 0, 3);
            PackedMatrix x = f.packed(packed(), f.matrix(4, 6), f.uniform(4, 6, BitWidth.Q4, Granularity.TENSOR));
            FloatMatrix out = f.output(3, 6);
            int[] withinRow = {0, 3, 5};
            QuantScheme split = QuantScheme.create(
                    f.memory,
                    "L1.attention",
                    withinRow,
                    1,
                    List.of(BitWidth.Q4, BitWidth.Q2),
                    Granularity.BUCKET,
                    Rounding.NEAREST);
            assertThatThrownBy(() -> attend(graph, x, split, out, f))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("edge 3, within a row");
            QuantScheme four = AttentionFixture.scheme(f, graph, 4, Rounding.NEAREST, BitWidth.Q4);
            assertThatThrownBy(() -> attend(graph, x, four, out, f))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("4 heads for 6 columns");
            QuantScheme perEdge = QuantScheme.uniform(f.memory, "L1.attention", 5, 1, BitWidth.Q4, Granularity.ROW);
            assertThatThrownBy(() -> attend(graph, x, perEdge, out, f))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("got granularity row, expected");
            PackedMatrix rowCodes =
                    f.packed(packed(), f.filled(4, 6, 1), f.uniform(4, 6, BitWidth.Q4, Granularity.ROW_CODE));
            QuantScheme whole = QuantScheme.uniform(f.memory, "L1.attention", 5, 1, BitWidth.Q4, Granularity.TENSOR);
            assertThatThrownBy(() -> attend(graph, rowCodes, whole, out, f))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("cannot have row codes");
        }
    }

    private void attend(CsrGraph graph, PackedMatrix x, QuantScheme scheme, FloatMatrix out, PackedFixture f) {
        ops().attendAdditive(
                        graph,
                        f.filled(graph.numRows(), scheme.cols(), 0),
                        f.filled(graph.numCols(), scheme.cols(), 0),
                        0.2f,
                        x,
                        SoftmaxOrder.DIVIDE_THEN_ROUND,
                        PackedMatrix.allocate(f.memory, scheme),
                        out);
    }
}
