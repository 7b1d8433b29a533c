package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.kernels.reference.ReferencePackedOps;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;
import org.sgquant.tensor.ShapeException;

/** What the products over packed codes of every backend must give: the bits of the reference, sums never rounded. */
public interface PackedProductContract {

    int SOURCES = 12;

    PackedOps ops();

    private static PackedOps reference() {
        return new ReferencePackedOps();
    }

    /** What a test does with one packed matrix. */
    interface Check {
        void accept(PackedMatrix x, String what);
    }

    /** Every granularity and number of columns at one width, two of three columns with rounding in the paper's form. */
    private void forAll(PackedFixture f, BitWidth bits, Check check) {
        for (int cols : PackedFixture.COLUMNS) {
            FloatMatrix values = f.matrix(SOURCES, cols);
            for (Granularity granularity : Granularity.values()) {
                QuantScheme scheme = f.scheme(SOURCES, cols, bits, granularity, Rounding.NEAREST);
                check.accept(f.packed(ops(), values, scheme), bits + " " + granularity + " F=" + cols);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(BitWidth.class)
    default void aggregation_has_the_bits_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(SOURCES, PackedFixture.DEGREES);
            forAll(f, bits, (x, what) -> {
                FloatMatrix actual = f.output(PackedFixture.DEGREES.length, x.cols());
                FloatMatrix expected = f.output(PackedFixture.DEGREES.length, x.cols());
                ops().spmm(graph, x, actual);
                reference().spmm(graph, x, expected);
                f.assertSameBits(actual, expected, what);
            });
        }
    }

    @ParameterizedTest
    @EnumSource(BitWidth.class)
    default void weighted_aggregation_has_the_bits_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(SOURCES, PackedFixture.DEGREES);
            EdgeWeights weights = f.weights(ops(), graph, BitWidth.Q4, BitWidth.FP32, BitWidth.Q16, bits);
            forAll(f, bits, (x, what) -> {
                FloatMatrix actual = f.output(PackedFixture.DEGREES.length, x.cols());
                FloatMatrix expected = f.output(PackedFixture.DEGREES.length, x.cols());
                ops().spmmWeighted(graph, weights, x, actual);
                reference().spmmWeighted(graph, weights, x, expected);
                f.assertSameBits(actual, expected, what);
            });
        }
    }

    @ParameterizedTest
    @EnumSource(BitWidth.class)
    default void products_with_a_float_matrix_have_the_bits_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            for (int cols : new int[] {1, 7, 16, 17, 33, 64, 65, 100}) {
                FloatMatrix values = f.matrix(SOURCES, 131);
                FloatMatrix w = f.matrix(131, cols);
                for (Granularity granularity : Granularity.values()) {
                    QuantScheme scheme = f.scheme(SOURCES, 131, bits, granularity, Rounding.NEAREST);
                    PackedMatrix a = f.packed(ops(), values, scheme);
                    FloatMatrix actual = f.output(SOURCES, cols);
                    FloatMatrix expected = f.output(SOURCES, cols);
                    ops().gemm(a, w, actual);
                    reference().gemm(a, w, expected);
                    f.assertSameBits(actual, expected, bits + " " + granularity + " F=" + cols);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(BitWidth.class)
    default void bag_of_words_features_keep_their_zeros_out_of_the_product(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            for (int k : new int[] {1, 63, 64, 65, 127, 200, 1433}) {
                FloatMatrix words = FloatMatrix.allocate(f.memory, SOURCES, k);
                for (int i = 0; i < 9 * SOURCES; i++) {
                    int row = f.random.nextInt(SOURCES);
                    words.set(row, f.random.nextInt(k), 1f / (row + 3));
                }
                words.set(SOURCES - 1, k - 1, 2);
                FloatMatrix w = f.matrix(k, 16);
                w.set(0, 0, Float.NaN);
                words.set(0, 0, 0);
                for (Granularity granularity : Granularity.values()) {
                    QuantScheme scheme = f.uniform(SOURCES, k, bits, granularity);
                    PackedMatrix a = f.packed(ops(), words, scheme);
                    FloatMatrix actual = f.output(SOURCES, 16);
                    FloatMatrix expected = f.output(SOURCES, 16);
                    ops().gemm(a, w, actual);
                    reference().gemm(a, w, expected);
                    f.assertSameBits(actual, expected, bits + " " + granularity + " K=" + k);
                    assertThat(actual.get(0, 0)).as("0 times NaN is skipped").isNotNaN();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(BitWidth.class)
    default void aggregation_fused_with_a_product_has_the_bits_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(SOURCES, PackedFixture.DEGREES);
            EdgeWeights weights = f.weights(ops(), graph, BitWidth.Q8, BitWidth.Q2);
            FloatMatrix rowScale = f.matrix(1, PackedFixture.DEGREES.length);
            for (int k : new int[] {1, 16, 33, 100}) {
                FloatMatrix values = f.matrix(SOURCES, k);
                FloatMatrix w = f.matrix(k, 19);
                for (Granularity granularity : Granularity.values()) {
                    QuantScheme scheme = f.scheme(SOURCES, k, bits, granularity, Rounding.NEAREST);
                    PackedMatrix x = f.packed(ops(), values, scheme);
                    for (int option = 0; option < 4; option++) {
                        EdgeWeights edges = option < 2 ? weights : null;
                        FloatMatrix factor = option % 2 == 0 ? rowScale : null;
                        FloatMatrix actual = f.output(PackedFixture.DEGREES.length, 19);
                        FloatMatrix expected = f.output(PackedFixture.DEGREES.length, 19);
                        ops().spmmGemm(graph, edges, x, factor, w, actual);
                        reference().spmmGemm(graph, edges, x, factor, w, expected);
                        f.assertSameBits(actual, expected, bits + " " + granularity + " K=" + k + " " + option);
                    }
                }
            }
        }
    }

    /** All codes at their maximum: one edge too many in a lane would overflow it. */
    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "FP32", mode = EnumSource.Mode.EXCLUDE)
    default void largest_codes_at_every_flush_degree_are_summed_exactly(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            int[] degrees = Arrays.copyOf(PackedFixture.FLUSH_DEGREES, PackedFixture.FLUSH_DEGREES.length + 2);
            degrees[PackedFixture.FLUSH_DEGREES.length] = 32769;
            degrees[PackedFixture.FLUSH_DEGREES.length + 1] = 131073;
            CsrGraph graph = f.graph(3, degrees);
            for (int cols : new int[] {7, 33, 128}) {
                QuantScheme scheme = f.uniform(3, cols, bits, Granularity.TENSOR);
                PackedMatrix x = packedMaximum(f, scheme);
                FloatMatrix out = f.output(degrees.length, cols);
                ops().spmm(graph, x, out);
                for (int i = 0; i < degrees.length; i++) {
                    float[] expected = new float[cols];
                    float sum = (float) ((long) degrees[i] * bits.maxCode());
                    Arrays.fill(expected, degrees[i] == 0 ? 0 : Math.fma(0.75f, sum, Math.fma(-3f, degrees[i], 0f)));
                    assertThat(out.row(i))
                            .as("%s F=%d degree %d", bits, cols, degrees[i])
                            .containsExactly(expected);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "FP32", mode = EnumSource.Mode.EXCLUDE)
    default void largest_weights_times_largest_codes_are_summed_exactly(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(3, PackedFixture.FLUSH_DEGREES);
            PackedMatrix x = packedMaximum(f, f.uniform(3, 33, bits, Granularity.TENSOR));
            for (BitWidth weightBits : List.of(BitWidth.Q1, BitWidth.Q7, BitWidth.Q16)) {
                QuantScheme scheme = f.uniform(1, graph.numEdges(), weightBits, Granularity.TENSOR);
                PackedMatrix codes = packedMaximum(f, scheme);
                scheme.blocks().get(0).params().offset().set(0, 0, 0);
                EdgeWeights weights = new EdgeWeights(List.of(new EdgeWeights.Part(0, graph.numRows(), 0, codes)));
                FloatMatrix out = f.output(graph.numRows(), 33);
                ops().spmmWeighted(graph, weights, x, out);
                for (int i = 0; i < PackedFixture.FLUSH_DEGREES.length; i++) {
                    long weightSum = (long) PackedFixture.FLUSH_DEGREES[i] * weightBits.maxCode();
                    float inner = Math.fma(0.75f * -3f, (float) weightSum, 0f);
                    float expected = Math.fma(0.75f * 0.75f, (float) (weightSum * bits.maxCode()), inner);
                    float[] row = new float[33];
                    Arrays.fill(row, expected);
                    assertThat(out.row(i))
                            .as("%s x %s degree %d", weightBits, bits, PackedFixture.FLUSH_DEGREES[i])
                            .containsExactly(row);
                }
            }
        }
    }

    /** Every code the largest, scale 0.75, offset -3. */
    private static PackedMatrix packedMaximum(PackedFixture f, QuantScheme scheme) {
        scheme.blocks().get(0).params().scale().set(0, 0, 0.75f);
        scheme.blocks().get(0).params().offset().set(0, 0, -3f);
        PackedMatrix x = PackedMatrix.allocate(f.memory, scheme);
        reference().pack(f.filled(scheme.rows(), scheme.cols(), Float.MAX_VALUE), x);
        assertThat(x.code(0, scheme.cols() - 1))
                .isEqualTo(scheme.blocks().get(0).bits().maxCode());
        return x;
    }

    @Test
    default void large_operands_shared_out_over_threads_have_the_bits_of_the_reference() {
        try (PackedFixture f = new PackedFixture()) {
            int n = 2003;
            int[] degrees = new int[n];
            Arrays.setAll(degrees, i -> i % 500 == 3 ? 700 : f.random.nextInt(9));
            CsrGraph graph = f.graph(n, degrees);
            FloatMatrix values = f.matrix(n, 61);
            FloatMatrix w = f.matrix(61, 17);
            EdgeWeights weights = f.weights(ops(), graph, BitWidth.Q3, BitWidth.Q6, BitWidth.FP32);
            FloatMatrix wide = f.output(n, 61);
            FloatMatrix wideExpected = f.output(n, 61);
            FloatMatrix narrow = f.output(n, 17);
            FloatMatrix narrowExpected = f.output(n, 17);
            for (Granularity granularity : List.of(Granularity.BUCKET, Granularity.ROW)) {
                QuantScheme scheme = f.scheme(n, 61, BitWidth.Q6, granularity, Rounding.PAPER);
                PackedMatrix x = f.packed(ops(), values, scheme);
                ops().spmm(graph, x, wide);
                reference().spmm(graph, x, wideExpected);
                f.assertSameBits(wide, wideExpected, "spmm " + granularity);
                ops().spmmWeighted(graph, weights, x, wide);
                reference().spmmWeighted(graph, weights, x, wideExpected);
                f.assertSameBits(wide, wideExpected, "spmmWeighted " + granularity);
                ops().gemm(x, w, narrow);
                reference().gemm(x, w, narrowExpected);
                f.assertSameBits(narrow, narrowExpected, "gemm " + granularity);
                ops().spmmGemm(graph, weights, x, null, w, narrow);
                reference().spmmGemm(graph, weights, x, null, w, narrowExpected);
                f.assertSameBits(narrow, narrowExpected, "spmmGemm " + granularity);
            }
        }
    }

    @Test
    default void graphs_without_rows_or_edges_are_no_trouble() {
        try (PackedFixture f = new PackedFixture()) {
            PackedMatrix x = f.packed(ops(), f.matrix(3, 5), f.uniform(3, 5, BitWidth.Q4, Granularity.TENSOR));
            ops().spmm(f.graph(3), x, f.output(0, 5));
            FloatMatrix out = f.output(2, 5);
            ops().spmm(f.graph(3, 0, 0), x, out);
            assertThat(out.row(1)).containsOnly(0f);
            PackedMatrix none = PackedMatrix.allocate(f.memory, f.uniform(0, 5, BitWidth.Q4, Granularity.ROW));
            ops().gemm(none, f.matrix(5, 2), f.output(0, 2));
        }
    }

    @Test
    default void products_of_operands_that_do_not_fit_are_refused() {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(4, 2, 2);
            PackedMatrix x = PackedMatrix.allocate(f.memory, f.uniform(3, 5, BitWidth.Q4, Granularity.TENSOR));
            assertThatThrownBy(() -> ops().spmm(graph, x, f.output(2, 5)))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("packed spmm: x.rows must equal graph.numCols: 3 != 4");
            assertThatThrownBy(() -> ops().gemm(x, f.matrix(4, 2), f.output(3, 2)))
                    .isInstanceOf(ShapeException.class);
            CsrGraph fitting = f.graph(3, 2, 2);
            EdgeWeights short1 = f.weights(ops(), f.graph(3, 2, 1), BitWidth.Q4);
            assertThatThrownBy(() -> ops().spmmWeighted(fitting, short1, x, f.output(2, 5)))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("edge weights");
            assertThatThrownBy(() -> ops().spmmGemm(fitting, null, x, f.matrix(1, 3), f.matrix(5, 2), f.output(2, 2)))
                    .isInstanceOf(ShapeException.class)
                    .hasMessageContaining("rowScale");
        }
    }
}
