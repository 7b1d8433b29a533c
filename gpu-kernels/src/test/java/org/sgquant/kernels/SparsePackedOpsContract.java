package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.kernels.reference.ReferencePackedOps;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.ShapeException;
import org.sgquant.tensor.SparsePackedMatrix;
import org.sgquant.tensor.SparsePacker;

/** Products of sparse packed rows have the bits of the reference on the dense form. */
public interface SparsePackedOpsContract {

    int ROWS = 67;

    SparsePackedOps ops();

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q[1-8]", mode = EnumSource.Mode.MATCH_ALL)
    default void products_have_the_bits_of_the_dense_form(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(ROWS, PackedFixture.DEGREES);
            for (int cols : new int[] {1, 31, 32, 33, 101}) {
                for (Granularity granularity : Granularity.values()) {
                    PackedMatrix x = SparsePackedFixture.packed(f, ROWS, cols, bits, granularity);
                    assertSameProducts(f, graph, x, 1 + cols % 20, bits + " " + granularity + " F=" + cols);
                }
            }
        }
    }

    /** Wider than what a kernel holds of a row at once, and more outputs than it makes at once. */
    @Test
    default void wide_matrices_and_many_outputs_are_no_trouble() {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(9, 0, 40, 3);
            for (int cols : new int[] {1024, 1025, 2048, 2049, 4099}) {
                PackedMatrix x = SparsePackedFixture.packed(f, 9, cols, BitWidth.Q2, Granularity.BUCKET);
                assertSameProducts(f, graph, x, 40, "F=" + cols);
            }
        }
    }

    private void assertSameProducts(PackedFixture f, CsrGraph graph, PackedMatrix x, int outputs, String what) {
        PackedOps dense = new ReferencePackedOps();
        SparsePackedMatrix sparse = SparsePacker.encode(x, f.memory());
        FloatMatrix w = f.matrix(x.cols(), outputs);
        FloatMatrix expected = f.output(x.rows(), outputs);
        FloatMatrix actual = f.output(x.rows(), outputs);
        dense.gemm(x, w, expected);
        ops().gemm(sparse, w, actual);
        f.assertSameBits(actual, expected, what + " gemm");
        if (x.scheme().granularity() == Granularity.ROW) {
            return;
        }
        FloatMatrix sums = f.output(graph.numRows(), x.cols());
        FloatMatrix actualSums = f.output(graph.numRows(), x.cols());
        dense.spmm(graph, x, sums);
        ops().spmm(graph, sparse, actualSums);
        f.assertSameBits(actualSums, sums, what + " spmm");
        for (FloatMatrix rowScale : new FloatMatrix[] {null, f.matrix(1, graph.numRows())}) {
            FloatMatrix out = f.output(graph.numRows(), outputs);
            FloatMatrix actualOut = f.output(graph.numRows(), outputs);
            dense.spmmGemm(graph, null, x, rowScale, w, out);
            ops().spmmGemm(graph, sparse, rowScale, w, actualOut);
            f.assertSameBits(actualOut, out, what + " spmmGemm");
        }
    }

    @Test
    default void matrices_of_nothing_give_zero() {
        try (PackedFixture f = new PackedFixture()) {
            PackedMatrix zero = SparsePackedFixture.binary(f, 5, 40, BitWidth.Q1, Integer.MAX_VALUE);
            assertSameProducts(f, f.graph(5, 3, 0), zero, 3, "all 0");
            PackedMatrix none = SparsePackedFixture.binary(f, 0, 5, BitWidth.Q4, 1);
            assertSameProducts(f, f.graph(0, 0, 0), none, 2, "no rows");
            assertSameProducts(f, f.graph(0), none, 2, "no rows, no targets");
        }
    }

    /** Every code the largest, more edges than 2^32 / 255 over the hub's columns would allow in 8 bits of lanes. */
    @Test
    default void sums_of_a_hub_are_exact() {
        try (PackedFixture f = new PackedFixture()) {
            PackedMatrix full = SparsePackedFixture.binary(f, 3, 5, BitWidth.Q8, 1);
            assertSameProducts(f, f.graph(3, 1, 70_001), full, 2, "hub");
        }
    }

    @Test
    default void operands_that_do_not_fit_are_refused() {
        try (PackedFixture f = new PackedFixture()) {
            PackedMatrix rows = SparsePackedFixture.packed(f, 4, 5, BitWidth.Q1, Granularity.ROW);
            SparsePackedMatrix x = SparsePacker.encode(rows, f.memory());
            assertThatThrownBy(() -> ops().gemm(x, f.matrix(4, 2), f.output(4, 2)))
                    .isInstanceOf(ShapeException.class);
            assertThatThrownBy(() -> ops().spmm(f.graph(3, 2), x, f.output(1, 5)))
                    .isInstanceOf(ShapeException.class);
            assertThatThrownBy(() -> ops().spmm(f.graph(4, 2), x, f.output(1, 5)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no integer sum");
            assertThatThrownBy(() -> ops().spmmGemm(f.graph(4, 2), x, null, f.matrix(5, 2), f.output(1, 2)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
