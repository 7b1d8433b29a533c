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
import org.sgquant.tensor.ShapeException;

/** Sums of codes are exact for any degree, whatever is summed in lanes on the way; operands are checked. */
public interface PackedSumsContract {

    PackedOps ops();

    /** All codes at their maximum: one edge too many in a lane would overflow it. */
    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q.+", mode = EnumSource.Mode.MATCH_ALL)
    default void largest_codes_at_every_flush_degree_are_summed_exactly(BitWidth bits) {
        for (int cols : new int[] {7, 33, 128}) {
            assertExactSums(bits, cols, PackedFixture.FLUSH_DEGREES);
        }
        // More columns than are summed at once.
        assertExactSums(bits, 601, 0, 1, 300);
    }

    /** Sums of 16-bit codes leave int32 between the first two degrees and unsigned 32 bits before the third. */
    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q.+", mode = EnumSource.Mode.MATCH_ALL)
    default void sums_beyond_32_bits_are_exact(BitWidth bits) {
        assertExactSums(bits, 3, 32768, 32769, 131075);
    }

    private void assertExactSums(BitWidth bits, int cols, int... degrees) {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(3, degrees);
            PackedMatrix x = packedMaximum(f, f.uniform(3, cols, bits, Granularity.TENSOR));
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

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q.+", mode = EnumSource.Mode.MATCH_ALL)
    default void largest_weights_times_largest_codes_are_summed_exactly(BitWidth bits) {
        for (BitWidth weightBits : List.of(BitWidth.Q1, BitWidth.Q2, BitWidth.Q7, BitWidth.Q8, BitWidth.Q16)) {
            assertExactWeightedSums(bits, weightBits, 33, PackedFixture.FLUSH_DEGREES);
        }
        // Every size of vector; where weights are unpacked anew; sums that leave int32, and unsigned 32 bits.
        assertExactWeightedSums(bits, BitWidth.Q8, 601, 300, 2049);
        assertExactWeightedSums(bits, BitWidth.Q8, 3, 128, 129, 257, 258, 33025, 66051);
    }

    private void assertExactWeightedSums(BitWidth bits, BitWidth weightBits, int cols, int... degrees) {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(3, degrees);
            PackedMatrix x = packedMaximum(f, f.uniform(3, cols, bits, Granularity.TENSOR));
            QuantScheme scheme = f.uniform(1, graph.numEdges(), weightBits, Granularity.TENSOR);
            PackedMatrix codes = packedMaximum(f, scheme);
            scheme.blocks().get(0).params().offset().set(0, 0, 0);
            EdgeWeights weights = new EdgeWeights(List.of(new EdgeWeights.Part(0, graph.numRows(), 0, codes)));
            FloatMatrix out = f.output(graph.numRows(), cols);
            ops().spmmWeighted(graph, weights, x, out);
            for (int i = 0; i < degrees.length; i++) {
                long weightSum = (long) degrees[i] * weightBits.maxCode();
                float inner = Math.fma(0.75f * -3f, (float) weightSum, 0f);
                float[] row = new float[cols];
                Arrays.fill(row, Math.fma(0.75f * 0.75f, (float) (weightSum * bits.maxCode()), inner));
                assertThat(out.row(i))
                        .as("%s x %s F=%d degree %d", weightBits, bits, cols, degrees[i])
                        .containsExactly(row);
            }
        }
    }

    /** Every code the largest, scale 0.75, offset -3. */
    private static PackedMatrix packedMaximum(PackedFixture f, QuantScheme scheme) {
        scheme.blocks().get(0).params().scale().set(0, 0, 0.75f);
        scheme.blocks().get(0).params().offset().set(0, 0, -3f);
        PackedMatrix x = PackedMatrix.allocate(f.memory, scheme);
        new ReferencePackedOps().pack(f.filled(scheme.rows(), scheme.cols(), Float.MAX_VALUE), x);
        assertThat(x.code(0, scheme.cols() - 1))
                .isEqualTo(scheme.blocks().get(0).bits().maxCode());
        return x;
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
