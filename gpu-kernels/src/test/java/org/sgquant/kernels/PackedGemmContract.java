package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.kernels.reference.ReferencePackedOps;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedLayout;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantParams;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;

/** Products of two packed matrices have the bits of the reference, which are close to the product of their values. */
public interface PackedGemmContract {

    int ROWS = 10;

    /** The most columns on the left of an integer product. */
    int MOST_DEPTH = 65793;

    PackedOps ops();

    private PackedMatrix right(PackedFixture f, int depth, int cols, BitWidth bits, Granularity granularity) {
        return f.packed(ops(), f.matrix(depth, cols), f.uniform(depth, cols, bits, granularity));
    }

    private void check(PackedFixture f, PackedMatrix a, PackedMatrix w) {
        FloatMatrix actual = f.output(a.rows(), w.cols());
        FloatMatrix expected = f.output(a.rows(), w.cols());
        ops().gemm(a, w, actual);
        new ReferencePackedOps().gemm(a, w, expected);
        f.assertSameBits(actual, expected, describe(a) + " times " + describe(w));
    }

    private static String describe(PackedMatrix x) {
        QuantScheme s = x.scheme();
        return s.blocks().get(0).bits() + " " + s.granularity() + " " + x.rows() + "x" + x.cols();
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q[1-8]", mode = Mode.MATCH_ALL)
    default void every_pair_of_widths_has_the_bits_of_the_reference(BitWidth left) {
        try (PackedFixture f = new PackedFixture()) {
            QuantScheme scheme = f.scheme(ROWS, 67, left, Granularity.BUCKET, Rounding.NEAREST);
            PackedMatrix a = f.packed(ops(), f.matrix(ROWS, 67), scheme);
            for (BitWidth right : BitWidth.values()) {
                if (right.isByte()) {
                    check(f, a, right(f, 67, 19, right, Granularity.COLUMN));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 31, 32, 33, 63, 64, 65, 127, 128, 521, 1031})
    default void every_depth_has_the_bits_of_the_reference(int depth) {
        try (PackedFixture f = new PackedFixture()) {
            for (BitWidth bits : List.of(BitWidth.Q1, BitWidth.Q7, BitWidth.Q8)) {
                PackedMatrix a = f.packed(ops(), f.matrix(5, depth), f.uniform(5, depth, bits, Granularity.TENSOR));
                check(f, a, right(f, depth, 17, bits, Granularity.COLUMN));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 100, 131})
    default void every_number_of_rows_and_columns_has_the_bits_of_the_reference(int size) {
        try (PackedFixture f = new PackedFixture()) {
            PackedMatrix a = f.packed(ops(), f.matrix(size, 13), f.uniform(size, 13, BitWidth.Q5, Granularity.TENSOR));
            check(f, a, right(f, 13, size, BitWidth.Q4, Granularity.COLUMN));
        }
    }

    @Test
    default void no_rows_are_no_work() {
        try (PackedFixture f = new PackedFixture()) {
            PackedMatrix a = PackedMatrix.allocate(f.memory, f.uniform(0, 5, BitWidth.Q4, Granularity.TENSOR));
            ops().gemm(a, right(f, 5, 3, BitWidth.Q4, Granularity.COLUMN), FloatMatrix.allocate(f.memory, 0, 3));
        }
    }

    /** A product over nothing is 0, whatever the offsets. */
    @Test
    default void no_columns_on_the_left_make_zeros() {
        try (PackedFixture f = new PackedFixture()) {
            PackedMatrix a = zeros(f, 5, 0, BitWidth.Q4);
            a.scheme().blocks().get(0).params().offset().set(0, 0, -3);
            FloatMatrix c = f.output(5, 19);
            ops().gemm(a, zeros(f, 0, 19, BitWidth.Q8), c);
            f.assertSameBits(c, FloatMatrix.allocate(f.memory, 5, 19), "K = 0");
        }
    }

    @Test
    default void no_columns_on_the_right_are_no_work() {
        try (PackedFixture f = new PackedFixture()) {
            ops().gemm(zeros(f, 5, 9, BitWidth.Q4), zeros(f, 9, 0, BitWidth.Q8), FloatMatrix.allocate(f.memory, 5, 0));
        }
    }

    @ParameterizedTest
    @EnumSource(value = Granularity.class, names = "COLUMN", mode = Mode.EXCLUDE)
    default void every_granularity_has_the_bits_of_the_reference(Granularity granularity) {
        try (PackedFixture f = new PackedFixture()) {
            for (Granularity right : List.of(Granularity.TENSOR, Granularity.BUCKET, Granularity.COLUMN)) {
                QuantScheme scheme = f.scheme(ROWS, 40, BitWidth.Q6, granularity, Rounding.PAPER);
                PackedMatrix a = f.packed(ops(), f.matrix(ROWS, 40), scheme);
                check(f, a, right(f, 40, 33, BitWidth.Q3, right));
            }
        }
    }

    @Test
    default void many_rows_shared_out_over_threads_have_the_bits_of_the_reference() {
        try (PackedFixture f = new PackedFixture()) {
            QuantScheme scheme = f.scheme(1003, 61, BitWidth.Q8, Granularity.ROW, Rounding.NEAREST);
            PackedMatrix a = f.packed(ops(), f.matrix(1003, 61), scheme);
            check(f, a, right(f, 61, 70, BitWidth.Q8, Granularity.COLUMN));
        }
    }

    /** Codes of 255 times centred codes of -128 and 127, so many that another would leave 32 bits. */
    @Test
    default void the_largest_codes_at_the_greatest_depth_are_summed_exactly() {
        try (PackedFixture f = new PackedFixture()) {
            PackedMatrix a = ones(f, 1, MOST_DEPTH);
            a.data(0).asSlice(0, MOST_DEPTH).fill((byte) -1);
            PackedMatrix w = ones(f, MOST_DEPTH, 2);
            for (int k = 0; k < MOST_DEPTH; k++) {
                PackedLayout.setCode(w.data(0), (long) k * w.stride(0), BitWidth.Q8, 2, 1, 255);
            }
            // Offsets of -128 make the value of a code the centred one.
            w.scheme().blocks().get(0).params().offset().set(0, 0, -128);
            FloatMatrix c = f.output(1, 2);
            ops().gemm(a, w, c);
            assertThat(c.row(0)).containsExactly((float) (MOST_DEPTH * -128L * 255), (float) (MOST_DEPTH * 127L * 255));
        }
    }

    /** Codes of 8 bits, 0 at first, of scale 1. */
    private static PackedMatrix ones(PackedFixture f, int rows, int cols) {
        return zeros(f, rows, cols, BitWidth.Q8);
    }

    /** Codes of 0, of scale 1. */
    private static PackedMatrix zeros(PackedFixture f, int rows, int cols, BitWidth bits) {
        QuantScheme scheme = f.uniform(rows, cols, bits, Granularity.TENSOR);
        scheme.blocks().get(0).params().scale().set(0, 0, 1);
        return PackedMatrix.allocate(f.memory, scheme);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 33, 512, 2048})
    default void it_is_the_product_of_the_values_up_to_rounding(int depth) {
        try (PackedFixture f = new PackedFixture()) {
            for (BitWidth bits : List.of(BitWidth.Q2, BitWidth.Q5, BitWidth.Q8)) {
                QuantScheme scheme = f.uniform(4, depth, bits, Granularity.ROW);
                PackedMatrix a = f.packed(ops(), f.matrix(4, depth), scheme);
                PackedMatrix w = right(f, depth, 6, BitWidth.Q8, Granularity.COLUMN);
                FloatMatrix c = f.output(4, 6);
                ops().gemm(a, w, c);
                for (int i = 0; i < 4; i++) {
                    for (int j = 0; j < 6; j++) {
                        double sum = 0;
                        for (int k = 0; k < depth; k++) {
                            sum += (double) a.value(i, k) * w.value(k, j);
                        }
                        double size = depth * largest(a.scheme(), i) * largest(w.scheme(), j);
                        assertThat((double) c.get(i, j))
                                .as("%s, K=%d, seed %d", bits, depth, f.seed)
                                .isCloseTo(sum, within(0x1p-22 * size));
                    }
                }
            }
        }
    }

    /** No value under scale i is larger in magnitude. */
    private static double largest(QuantScheme scheme, int i) {
        QuantParams params = scheme.blocks().get(0).params();
        int maxCode = scheme.blocks().get(0).bits().maxCode();
        return params.scale().get(0, i) * maxCode + Math.abs(params.offset().get(0, i));
    }

    @Test
    default void what_is_no_product_of_integers_is_refused_in_a_sentence() {
        try (PackedFixture f = new PackedFixture()) {
            PackedMatrix w = ones(f, 3, 2);
            for (QuantScheme scheme : List.of(
                    f.uniform(4, 3, BitWidth.Q16, Granularity.TENSOR),
                    f.uniform(4, 3, BitWidth.FP32, Granularity.TENSOR),
                    f.uniform(4, 3, BitWidth.E4M3, Granularity.TENSOR),
                    f.uniform(4, 3, BitWidth.Q4, Granularity.COLUMN))) {
                assertThatThrownBy(() -> ops().gemm(PackedMatrix.allocate(f.memory, scheme), w, f.output(4, 2)))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageStartingWith("packed gemm: L1.message (4 x 3, "
                                + scheme.blocks().get(0).bits() + " bits, granularity " + scheme.granularity()
                                + ") times L1.message (3 x 2, 8 bits, granularity tensor) is no product of integers: ");
            }
            PackedMatrix a = ones(f, 4, 3);
            for (QuantScheme scheme : List.of(
                    f.uniform(3, 2, BitWidth.Q4, Granularity.ROW),
                    f.uniform(3, 2, BitWidth.E2M1, Granularity.TENSOR),
                    f.scheme(3, 2, BitWidth.Q4, Granularity.TENSOR, Rounding.NEAREST))) {
                assertThatThrownBy(() -> ops().gemm(a, PackedMatrix.allocate(f.memory, scheme), f.output(4, 2)))
                        .isInstanceOf(IllegalArgumentException.class);
            }
            assertThatThrownBy(() -> ops().gemm(ones(f, 1, MOST_DEPTH + 1), ones(f, MOST_DEPTH + 1, 1), f.output(1, 1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageEndingWith("at most 65793 columns on the left");
        }
    }
}
