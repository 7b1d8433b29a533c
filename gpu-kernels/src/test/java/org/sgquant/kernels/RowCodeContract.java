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
import org.sgquant.tensor.QuantParams;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.RowScale;

/** What {@link Granularity#ROW_CODE} promises beyond what every granularity does. */
public interface RowCodeContract {

    PackedOps ops();

    @Test
    default void ranges_row_codes_codes_and_sums_are_those_of_numpy() {
        NumpyOracle oracle = new NumpyOracle("row-code-oracle.txt");
        assertThat(oracle.cases()).hasSize(6);
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = CsrGraph.of(f.memory, NumpyOracle.ROWS, oracle.ints("rowPtr"), oracle.ints("colIdx"));
            EdgeWeights weights = weights(f, oracle.ints("weights"), oracle.floats("weightScale")[0]);
            for (NumpyOracle.Case expected : oracle.cases()) {
                FloatMatrix x = oracle.x(f.memory);
                if (expected.text("data").equals("positive")) {
                    for (int r = 0; r < x.rows(); r++) {
                        for (int c = 0; c < x.cols(); c++) {
                            x.set(r, c, Math.abs(x.get(r, c)));
                        }
                    }
                }
                check(f, graph, weights, x, expected);
            }
        }
    }

    /** Codes of 3 bits in one part. */
    private static EdgeWeights weights(PackedFixture f, int[] codes, float scale) {
        QuantScheme scheme = f.uniform(1, codes.length, BitWidth.Q3, Granularity.TENSOR);
        scheme.blocks().get(0).params().setRange(0, 0, 7, 7);
        FloatMatrix values = FloatMatrix.allocate(f.memory, 1, codes.length);
        for (int e = 0; e < codes.length; e++) {
            values.set(0, e, codes[e]);
        }
        PackedMatrix packed = PackedMatrix.allocate(f.memory, scheme);
        new ReferencePackedOps().pack(values, packed);
        scheme.blocks().get(0).params().scale().set(0, 0, scale);
        return new EdgeWeights(List.of(new EdgeWeights.Part(0, NumpyOracle.ROWS, 0, packed)));
    }

    private void check(PackedFixture f, CsrGraph graph, EdgeWeights weights, FloatMatrix x, NumpyOracle.Case expected) {
        String what = expected.bits() + " " + expected.text("data");
        QuantScheme scheme = f.uniform(NumpyOracle.ROWS, NumpyOracle.COLS, expected.bits(), Granularity.ROW_CODE);
        PackedMatrix packed = f.packed(ops(), x, scheme);
        QuantParams params = scheme.blocks().get(0).params();
        assertThat(new float[] {
                    params.scale().get(0, 0),
                    params.scale().get(0, 1),
                    params.offset().get(0, 0)
                })
                .as("%s scale, unit and offset", what)
                .containsExactly(expected.floats("params"));
        int[] rowCodes = expected.ints("rowCodes");
        int[] codes = expected.ints("codes");
        for (int r = 0; r < NumpyOracle.ROWS; r++) {
            assertThat(packed.rowCode(0, r)).as("%s row %d", what, r).isEqualTo(rowCodes[r]);
            for (int c = 0; c < NumpyOracle.COLS; c++) {
                assertThat(packed.code(r, c))
                        .as("%s code %d %d", what, r, c)
                        .isEqualTo(codes[r * NumpyOracle.COLS + c]);
            }
        }
        FloatMatrix out = f.output(NumpyOracle.ROWS, NumpyOracle.COLS);
        ops().spmm(graph, packed, out);
        f.assertSameBits(out, NumpyOracle.matrix(f.memory, expected.floats("spmm")), what + " spmm");
        ops().spmmWeighted(graph, weights, packed, out);
        f.assertSameBits(out, NumpyOracle.matrix(f.memory, expected.floats("weighted")), what + " spmmWeighted");
    }

    @Test
    default void a_row_gets_the_least_code_that_holds_it_or_at_one_bit_the_nearest() {
        try (PackedFixture f = new PackedFixture()) {
            float[][] rows = {{0, 0}, {0.1f, 0}, {1, 1}, {1.4f, 0}, {1.6f, 1}, {0, 255}, {100.01f, 3}};
            FloatMatrix x = FloatMatrix.of(f.memory, rows);
            PackedMatrix two = f.packed(ops(), x, f.uniform(rows.length, 2, BitWidth.Q2, Granularity.ROW_CODE));
            PackedMatrix one = f.packed(ops(), x, f.uniform(rows.length, 2, BitWidth.Q1, Granularity.ROW_CODE));
            int[] upwards = {1, 1, 1, 2, 2, 255, 101};
            int[] nearest = {1, 1, 1, 1, 2, 255, 100};
            for (int r = 0; r < rows.length; r++) {
                assertThat(two.rowCode(0, r)).as("row %d, 2 bits", r).isEqualTo(upwards[r]);
                assertThat(one.rowCode(0, r)).as("row %d, 1 bit", r).isEqualTo(nearest[r]);
            }
            assertThat(one.value(6, 0)).isEqualTo(100);
            assertThat(one.value(6, 1)).isZero();
            assertThat(two.storedBytes()).isEqualTo(rows.length * (1 + 1) + 4 * Float.BYTES);
        }
    }

    @Test
    default void a_row_larger_than_any_seen_in_calibration_gets_the_largest_code() {
        try (PackedFixture f = new PackedFixture()) {
            QuantScheme scheme = f.uniform(1, 2, BitWidth.Q4, Granularity.ROW_CODE);
            ops().calibrate(FloatMatrix.ofVector(f.memory, 1, 2), scheme, Calibration.MIN_MAX);
            FloatMatrix y = f.output(1, 2);
            ops().fakeQuantize(FloatMatrix.ofVector(f.memory, 1, 1000), scheme, y);
            assertThat(y.get(0, 1)).isCloseTo(2, org.assertj.core.api.Assertions.offset(1e-6f));
        }
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q.+", mode = EnumSource.Mode.MATCH_ALL)
    default void rows_of_any_size_are_as_exact_as_their_own_range_allows(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            FloatMatrix x = f.matrix(64, 33);
            for (int r = 0; r < 64; r++) {
                for (int c = 0; c < 33; c++) {
                    x.set(r, c, x.get(r, c) * (1 + r));
                }
            }
            QuantScheme scheme = f.uniform(64, 33, bits, Granularity.ROW_CODE);
            ops().calibrate(x, scheme, Calibration.MIN_MAX);
            FloatMatrix y = f.output(64, 33);
            ops().fakeQuantize(x, scheme, y);
            float unit = RowScale.unit(scheme.blocks().get(0).params());
            for (int r = 0; r < 64; r++) {
                double largest = 0;
                for (float v : x.row(r)) {
                    largest = Math.max(largest, Math.abs(v));
                }
                // Half a step of a range that is at most one unit too wide; at 1 bit half a unit may be clipped.
                double step = (largest + unit) / bits.maxCode();
                double bound = step + (bits == BitWidth.Q1 ? unit / 2 : 0) + largest * 0x1p-20;
                for (int c = 0; c < 33; c++) {
                    assertThat(Math.abs(y.get(r, c) - x.get(r, c)))
                            .as("%s row %d, seed %d", bits, r, f.seed)
                            .isLessThanOrEqualTo((float) bound);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = BitWidth.class,
            names = {"Q1", "Q2", "Q3", "Q4"})
    default void least_squares_has_less_error_than_whole_ranges(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            FloatMatrix x = f.matrix(200, 17);
            QuantScheme scheme = f.uniform(200, 17, bits, Granularity.ROW_CODE);
            double[] errors = new double[2];
            for (int i = 0; i < 2; i++) {
                ops().calibrate(x, scheme, i == 0 ? Calibration.MSE : Calibration.MIN_MAX);
                FloatMatrix y = f.output(200, 17);
                ops().fakeQuantize(x, scheme, y);
                for (int r = 0; r < 200; r++) {
                    for (int c = 0; c < 17; c++) {
                        errors[i] += Math.pow(y.get(r, c) - x.get(r, c), 2);
                    }
                }
            }
            double factor = bits.bits() <= 2 ? 0.7 : 1;
            assertThat(errors[0]).as("%s, seed %d", bits, f.seed).isLessThan(errors[1] * factor);
        }
    }

    /** All codes, row codes and weights at their maximum: sums far beyond 32 bits, one product alone at 16 bits. */
    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q.+", mode = EnumSource.Mode.MATCH_ALL)
    default void largest_products_are_summed_exactly(BitWidth bits) {
        int[] degrees = {0, 1, 2, 129, 130, 257, 33026, 70001};
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(3, degrees);
            QuantScheme scheme = f.uniform(3, 5, bits, Granularity.ROW_CODE);
            scheme.blocks().get(0).params().scale().setRow(0, new float[] {0.75f, 1});
            scheme.blocks().get(0).params().offset().setRow(0, new float[] {-3, 0});
            PackedMatrix x = PackedMatrix.allocate(f.memory, scheme);
            ops().pack(f.filled(3, 5, Float.MAX_VALUE), x);
            FloatMatrix out = f.output(degrees.length, 5);
            ops().spmm(graph, x, out);
            assertRows(out, degrees, 255L, bits, 1f);
            for (BitWidth weightBits : List.of(BitWidth.Q2, BitWidth.Q16)) {
                QuantScheme edges = f.uniform(1, graph.numEdges(), weightBits, Granularity.TENSOR);
                edges.blocks().get(0).params().setRange(0, 0, 0.5 * weightBits.maxCode(), weightBits.maxCode());
                PackedMatrix codes = PackedMatrix.allocate(f.memory, edges);
                new ReferencePackedOps().pack(f.filled(1, graph.numEdges(), Float.MAX_VALUE), codes);
                EdgeWeights weights = new EdgeWeights(List.of(new EdgeWeights.Part(0, graph.numRows(), 0, codes)));
                ops().spmmWeighted(graph, weights, x, out);
                assertRows(out, degrees, 255L * weightBits.maxCode(), bits, 0.5f);
            }
        }
    }

    private static void assertRows(FloatMatrix out, int[] degrees, long factor, BitWidth bits, float ws) {
        for (int i = 0; i < degrees.length; i++) {
            long count = degrees[i] * factor;
            float[] expected = new float[5];
            Arrays.fill(
                    expected,
                    Math.fma(ws * 0.75f, (float) (count * bits.maxCode()), Math.fma(ws * -3f, (float) count, 0f)));
            assertThat(out.row(i)).as("%s degree %d", bits, degrees[i]).containsExactly(expected);
        }
    }
}
