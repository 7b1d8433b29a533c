package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;

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

/** Products over packed codes have the bits of the reference, for every width, granularity and awkward size. */
public interface PackedParityContract {

    int SOURCES = 12;

    PackedOps ops();

    private static PackedOps reference() {
        return new ReferencePackedOps();
    }

    /** What a test does with one packed matrix. */
    interface Check {
        void accept(PackedMatrix x, String what);
    }

    /** Every granularity and number of columns at one width. */
    private void forAll(PackedFixture f, BitWidth bits, Check check) {
        for (int cols : PackedFixture.COLUMNS) {
            FloatMatrix values = f.matrix(SOURCES, cols);
            for (Granularity granularity : PackedFixture.granularities(bits)) {
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
            EdgeWeights weights = f.weights(
                    ops(), graph, BitWidth.Q4, BitWidth.FP32, BitWidth.Q16, bits.isFloat() ? BitWidth.Q1 : bits);
            assertSameWeightedSums(f, bits, graph, weights);
        }
    }

    /** Weights of a byte or less are summed by other kernels than wider ones. */
    @ParameterizedTest
    @EnumSource(BitWidth.class)
    default void aggregation_with_small_weights_has_the_bits_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(SOURCES, PackedFixture.DEGREES);
            assertSameWeightedSums(
                    f,
                    bits,
                    graph,
                    f.weights(ops(), graph, BitWidth.Q8, BitWidth.Q1, BitWidth.Q6, BitWidth.Q3),
                    f.weights(ops(), graph, BitWidth.Q2, BitWidth.Q5, BitWidth.Q4, BitWidth.Q7));
        }
    }

    private void assertSameWeightedSums(PackedFixture f, BitWidth bits, CsrGraph graph, EdgeWeights... all) {
        forAll(f, bits, (x, what) -> {
            for (EdgeWeights weights : all) {
                FloatMatrix actual = f.output(PackedFixture.DEGREES.length, x.cols());
                FloatMatrix expected = f.output(PackedFixture.DEGREES.length, x.cols());
                ops().spmmWeighted(graph, weights, x, actual);
                reference().spmmWeighted(graph, weights, x, expected);
                f.assertSameBits(actual, expected, what);
            }
        });
    }

    /** Where code 0 stands for 0, zeros are skipped: rows without a value, with one, a few, most and all of them. */
    @ParameterizedTest
    @EnumSource(BitWidth.class)
    default void products_of_rows_of_zeros_have_the_bits_of_the_reference(BitWidth bits) {
        int[] percent = {0, 1, 5, 40, 100, 5, 90, 0, 10, 1, 60};
        try (PackedFixture f = new PackedFixture()) {
            for (int cols : new int[] {1, 15, 47, 49, 64, 65, 200}) {
                FloatMatrix values = f.filled(percent.length, cols, 0);
                for (int r = 0; r < percent.length; r++) {
                    for (int c = 0; c < cols; c++) {
                        values.set(r, c, f.random.nextInt(100) < percent[r] ? 0.1f + f.random.nextFloat() : 0);
                    }
                }
                FloatMatrix w = f.matrix(cols, 17);
                for (Granularity granularity : PackedFixture.granularities(bits)) {
                    QuantScheme scheme = f.uniform(percent.length, cols, bits, granularity);
                    PackedMatrix x = f.packed(ops(), values, scheme);
                    FloatMatrix actual = f.output(percent.length, 17);
                    FloatMatrix expected = f.output(percent.length, 17);
                    ops().gemm(x, w, actual);
                    reference().gemm(x, w, expected);
                    f.assertSameBits(actual, expected, bits + " " + granularity + " K=" + cols);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(BitWidth.class)
    default void products_with_a_float_matrix_have_the_bits_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            for (int cols : new int[] {1, 7, 16, 17, 33, 64, 65, 100}) {
                FloatMatrix values = f.matrix(SOURCES, 131);
                FloatMatrix w = f.matrix(131, cols);
                for (Granularity granularity : PackedFixture.granularities(bits)) {
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
                for (Granularity granularity : PackedFixture.granularities(bits)) {
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
            for (int k : new int[] {1, 16, 33, 100, 259}) {
                int cols = k == 259 ? 67 : 19;
                FloatMatrix values = f.matrix(SOURCES, k);
                FloatMatrix w = f.matrix(k, cols);
                for (Granularity granularity : PackedFixture.granularities(bits)) {
                    QuantScheme scheme = f.scheme(SOURCES, k, bits, granularity, Rounding.NEAREST);
                    PackedMatrix x = f.packed(ops(), values, scheme);
                    for (int option = 0; option < 4; option++) {
                        EdgeWeights edges = option < 2 ? weights : null;
                        FloatMatrix factor = option % 2 == 0 ? rowScale : null;
                        FloatMatrix actual = f.output(PackedFixture.DEGREES.length, cols);
                        FloatMatrix expected = f.output(PackedFixture.DEGREES.length, cols);
                        ops().spmmGemm(graph, edges, x, factor, w, actual);
                        reference().spmmGemm(graph, edges, x, factor, w, expected);
                        f.assertSameBits(actual, expected, bits + " " + granularity + " K=" + k + " " + option);
                    }
                }
            }
        }
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
            for (Granularity granularity : List.of(Granularity.BUCKET, Granularity.ROW, Granularity.ROW_CODE)) {
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
}
