package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.kernels.reference.ReferencePackedOps;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatFormat;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedLayout;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantParams;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;
import org.sgquant.tensor.Rounding;
import org.sgquant.tensor.ShapeException;

/** What calibrate, fakeQuantize, pack and unpack of every backend must do. */
public interface PackedQuantizationContract {

    int ROWS = 10;

    PackedOps ops();

    /** What a test does with one scheme. */
    interface Check {
        void accept(QuantScheme scheme, FloatMatrix x);
    }

    /** Every granularity, rounding and number of columns at one width. */
    private static void forAll(PackedFixture f, BitWidth bits, Check check) {
        for (int cols : PackedFixture.COLUMNS) {
            FloatMatrix x = f.matrix(ROWS, cols);
            for (Granularity granularity : PackedFixture.granularities(bits)) {
                for (Rounding rounding : Rounding.values()) {
                    check.accept(f.scheme(ROWS, cols, bits, granularity, rounding), x);
                }
            }
        }
    }

    private static String describe(QuantScheme s) {
        return s.blocks().get(0).bits() + " " + s.granularity() + " " + s.rounding() + " F=" + s.cols();
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "E.+", mode = EnumSource.Mode.MATCH_NONE)
    default void packed_bytes_are_the_codes_of_the_formula_and_zero_padding(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            forAll(f, bits, (scheme, x) -> {
                ops().calibrate(x, scheme, Calibration.MIN_MAX);
                PackedMatrix actual = PackedMatrix.allocate(f.memory, scheme);
                actual.data(0).fill((byte) -1);
                actual.data(2).fill((byte) -1);
                actual.rowCodes(0).fill((byte) -1);
                ops().pack(x, actual);
                f.assertSameCodes(actual, packedByFormula(f, x, scheme), describe(scheme));
            });
        }
    }

    private static PackedMatrix packedByFormula(PackedFixture f, FloatMatrix x, QuantScheme scheme) {
        PackedMatrix packed = PackedMatrix.allocate(f.memory, scheme);
        for (int b = 0; b < scheme.blocks().size(); b++) {
            Block block = scheme.blocks().get(b);
            for (int r = block.rowStart(); r < block.rowEnd(); r++) {
                long row = (long) (r - block.rowStart()) * packed.stride(b);
                int rowCode = rowCodeByFormula(x.row(r), scheme, block);
                if (scheme.granularity() == Granularity.ROW_CODE && block.bits().isPacked()) {
                    packed.rowCodes(b).set(ValueLayout.JAVA_BYTE, r - block.rowStart(), (byte) rowCode);
                }
                for (int c = 0; c < scheme.cols(); c++) {
                    if (block.bits().isPacked()) {
                        int code = codeByFormula(x.get(r, c), scheme, block, r, c, rowCode);
                        PackedLayout.setCode(packed.data(b), row, block.bits(), scheme.cols(), c, code);
                    } else {
                        packed.data(b).set(ValueLayout.JAVA_FLOAT_UNALIGNED, row + 4L * c, x.get(r, c));
                    }
                }
            }
        }
        return packed;
    }

    /** The least whole number of units, from 1 to 255, that holds the row; at 1 bit the nearest one. */
    private static int rowCodeByFormula(float[] row, QuantScheme scheme, Block block) {
        if (scheme.granularity() != Granularity.ROW_CODE || !block.bits().isPacked()) {
            return 1;
        }
        float largest = 0;
        for (float v : row) {
            largest = Math.max(largest, Math.abs(v));
        }
        float units = largest / block.params().scale().get(0, 1);
        double whole = block.bits() == BitWidth.Q1 ? Math.rint(units) : Math.ceil(units);
        return (int) Math.max(1, Math.min(255, whole));
    }

    private static int codeByFormula(float x, QuantScheme scheme, Block block, int r, int c, int rowCode) {
        int i = switch (scheme.granularity()) {
            case TENSOR, BUCKET, ROW_CODE -> 0;
            case COLUMN -> c;
            case ROW -> r - block.rowStart();
        };
        QuantParams p = block.params();
        float t = (x - p.offset().get(0, i) * rowCode) / (p.scale().get(0, i) * rowCode);
        float clamped = Math.min(Math.max(t, 0), block.bits().maxCode());
        return (int) (scheme.rounding() == Rounding.NEAREST ? Math.rint(clamped) : Math.floor(clamped));
    }

    @ParameterizedTest
    @EnumSource(BitWidth.class)
    default void unpack_of_pack_is_fake_quantization_to_the_bit(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            forAll(f, bits, (scheme, x) -> {
                PackedMatrix packed = f.packed(ops(), x, scheme);
                FloatMatrix unpacked = f.output(ROWS, scheme.cols());
                ops().unpack(packed, unpacked);
                FloatMatrix fake = f.output(ROWS, scheme.cols());
                ops().fakeQuantize(x, scheme, fake);
                f.assertSameBits(fake, unpacked, describe(scheme));
                for (int r = 0; r < ROWS; r++) {
                    assertThat(unpacked.get(r, scheme.cols() - 1)).isEqualTo(packed.value(r, scheme.cols() - 1));
                }
                FloatMatrix inPlace = FloatMatrix.allocate(f.memory, ROWS, scheme.cols());
                inPlace.copyFrom(x);
                ops().fakeQuantize(inPlace, scheme, inPlace);
                f.assertSameBits(inPlace, unpacked, "in place " + describe(scheme));
            });
        }
    }

    @ParameterizedTest
    @EnumSource(BitWidth.class)
    default void ranges_are_those_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            for (Calibration calibration : List.of(
                    Calibration.MIN_MAX,
                    Calibration.ROW_MEAN,
                    Calibration.MSE,
                    Calibration.SIGN,
                    Calibration.percentile(0.9))) {
                for (int cols : new int[] {1, 7, 17, 33}) {
                    FloatMatrix x = f.matrix(ROWS, cols);
                    for (Granularity granularity : Granularity.values()) {
                        for (Rounding rounding : Rounding.values()) {
                            QuantScheme actual = f.scheme(ROWS, cols, bits, granularity, rounding);
                            QuantScheme expected = f.scheme(ROWS, cols, bits, granularity, rounding);
                            ops().calibrate(x, actual, calibration);
                            new ReferencePackedOps().calibrate(x, expected, calibration);
                            assertSameParams(f, actual, expected, calibration + " " + describe(actual));
                        }
                    }
                }
            }
        }
    }

    private static void assertSameParams(PackedFixture f, QuantScheme actual, QuantScheme expected, String what) {
        for (int b = 0; b < expected.blocks().size(); b++) {
            QuantParams a = actual.blocks().get(b).params();
            QuantParams e = expected.blocks().get(b).params();
            f.assertSameBits(a.scale(), e.scale(), what + " scale");
            f.assertSameBits(a.offset(), e.offset(), what + " offset");
        }
    }

    @Test
    default void a_large_matrix_is_quantized_like_the_reference_does() {
        try (PackedFixture f = new PackedFixture()) {
            FloatMatrix x = f.matrix(3001, 103);
            for (Granularity granularity : Granularity.values()) {
                for (Calibration calibration : List.of(Calibration.ROW_MEAN, Calibration.percentile(0.99))) {
                    QuantScheme scheme = f.scheme(3001, 103, BitWidth.Q5, granularity, Rounding.NEAREST);
                    QuantScheme expected = f.scheme(3001, 103, BitWidth.Q5, granularity, Rounding.NEAREST);
                    ops().calibrate(x, scheme, calibration);
                    new ReferencePackedOps().calibrate(x, expected, calibration);
                    assertSameParams(f, scheme, expected, calibration + " " + granularity);
                    PackedMatrix packed = PackedMatrix.allocate(f.memory, scheme);
                    ops().pack(x, packed);
                    f.assertSameCodes(packed, packedByFormula(f, x, scheme), granularity);
                    FloatMatrix unpacked = f.output(3001, 103);
                    ops().unpack(packed, unpacked);
                    FloatMatrix fake = f.output(3001, 103);
                    ops().fakeQuantize(x, scheme, fake);
                    f.assertSameBits(fake, unpacked, granularity);
                }
            }
        }
    }

    @Test
    default void extremes_get_the_lowest_and_the_highest_code() {
        try (PackedFixture f = new PackedFixture()) {
            FloatMatrix x = FloatMatrix.of(f.memory, new float[][] {{-2, 0, 6}, {1, 2, 3}});
            QuantScheme scheme = f.uniform(2, 3, BitWidth.Q2, Granularity.TENSOR);
            PackedMatrix packed = f.packed(ops(), x, scheme);
            QuantParams params = scheme.blocks().get(0).params();
            assertThat(params.offset().get(0, 0)).isEqualTo(-2);
            assertThat(params.scale().get(0, 0)).isEqualTo(8f / 3);
            assertThat(packed.code(0, 0)).isZero();
            assertThat(packed.code(0, 2)).isEqualTo(3);
            assertThat(packed.code(1, 0)).isEqualTo(1);
            assertThat(packed.code(1, 1)).as("1.5 goes to the even code").isEqualTo(2);
        }
    }

    @ParameterizedTest
    @EnumSource(value = Granularity.class, names = "ROW_CODE", mode = EnumSource.Mode.EXCLUDE)
    default void a_constant_tensor_is_exact_at_every_width(Granularity granularity) {
        try (PackedFixture f = new PackedFixture()) {
            for (BitWidth bits : BitWidth.values()) {
                if (bits.isFloat()) {
                    continue;
                }
                for (float value : new float[] {0, 0.1f, -7.3f, Float.MIN_VALUE, Float.MAX_VALUE}) {
                    FloatMatrix x = f.filled(5, 33, value);
                    QuantScheme scheme = f.scheme(5, 33, bits, granularity, Rounding.NEAREST);
                    for (Calibration calibration : List.of(
                            Calibration.MIN_MAX, Calibration.ROW_MEAN, Calibration.MSE, Calibration.percentile(0.99))) {
                        ops().calibrate(x, scheme, calibration);
                        FloatMatrix y = f.output(5, 33);
                        ops().fakeQuantize(x, scheme, y);
                        f.assertSameBits(y, x, calibration + " " + value);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Granularity.class)
    default void an_empty_block_gets_scale_one_and_offset_zero(Granularity granularity) {
        try (PackedFixture f = new PackedFixture()) {
            QuantScheme scheme = f.scheme(ROWS, 3, BitWidth.Q2, granularity, Rounding.NEAREST);
            ops().calibrate(f.matrix(ROWS, 3), scheme, Calibration.MIN_MAX);
            QuantParams params = scheme.blocks().get(1).params();
            for (int i = 0; i < params.scale().cols(); i++) {
                assertThat(params.scale().get(0, i)).isEqualTo(1);
                assertThat(params.offset().get(0, i)).isEqualTo(0);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q.+", mode = EnumSource.Mode.MATCH_ALL)
    default void ranges_beyond_float_and_below_its_steps_give_finite_values(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            for (float size : new float[] {3e38f, Float.MIN_VALUE, 2 * Float.MIN_VALUE, 1e-38f}) {
                FloatMatrix x = FloatMatrix.of(f.memory, new float[][] {{-size, size, 0, size / 2}});
                QuantScheme scheme = f.uniform(1, 4, bits, Granularity.TENSOR);
                PackedMatrix packed = f.packed(ops(), x, scheme);
                FloatMatrix y = f.output(1, 4);
                ops().unpack(packed, y);
                assertThat(packed.code(0, 0)).isZero();
                assertThat(packed.code(0, 1)).isPositive();
                assertThat(y.get(0, 0)).isEqualTo(-size);
                for (float v : y.row(0)) {
                    assertThat(v).as("%s of %s", bits, size).isFinite();
                }
            }
        }
    }

    @Test
    default void a_range_finer_than_the_smallest_float_is_exact() {
        try (PackedFixture f = new PackedFixture()) {
            float ulp = Float.MIN_VALUE;
            FloatMatrix x = FloatMatrix.of(f.memory, new float[][] {{0, ulp, 2 * ulp, 3 * ulp}});
            FloatMatrix y = f.output(1, 4);
            QuantScheme scheme = f.uniform(1, 4, BitWidth.Q8, Granularity.TENSOR);
            ops().calibrate(x, scheme, Calibration.MIN_MAX);
            ops().fakeQuantize(x, scheme, y);
            f.assertSameBits(y, x, "multiples of the smallest float");
        }
    }

    @Test
    default void calibrate_and_pack_name_the_first_value_that_is_not_finite() {
        try (PackedFixture f = new PackedFixture()) {
            FloatMatrix x = f.matrix(2003, 129);
            QuantScheme scheme = f.uniform(2003, 129, BitWidth.Q4, Granularity.TENSOR);
            PackedMatrix packed = f.packed(ops(), x, scheme);
            x.set(2002, 0, Float.NaN);
            assertThatThrownBy(() -> ops().pack(x, packed))
                    .isInstanceOf(NonFiniteException.class)
                    .hasMessage("L1.message: value NaN at row 2002, column 0 cannot be quantized");
            x.set(1500, 3, Float.NaN);
            x.set(700, 128, Float.NEGATIVE_INFINITY);
            x.set(701, 0, Float.NaN);
            String first = "L1.message: value -Infinity at row 700, column 128 cannot be quantized";
            assertThatThrownBy(() -> ops().pack(x, packed)).hasMessage(first);
            for (Granularity granularity : Granularity.values()) {
                QuantScheme other = f.uniform(2003, 129, BitWidth.Q4, granularity);
                assertThatThrownBy(() -> ops().calibrate(x, other, Calibration.MIN_MAX))
                        .isInstanceOf(NonFiniteException.class)
                        .hasMessage(first);
            }
        }
    }

    @Test
    default void blocks_of_32_bits_may_hold_what_is_not_finite() {
        try (PackedFixture f = new PackedFixture()) {
            FloatMatrix x = f.matrix(4, 5);
            x.set(3, 1, Float.POSITIVE_INFINITY);
            QuantScheme scheme = QuantScheme.create(
                    f.memory,
                    "L1.message",
                    new int[] {0, 2, 4},
                    5,
                    List.of(BitWidth.Q4, BitWidth.FP32),
                    Granularity.BUCKET,
                    Rounding.NEAREST);
            FloatMatrix y = f.output(4, 5);
            ops().unpack(f.packed(ops(), x, scheme), y);
            assertThat(y.row(2)).containsExactly(x.row(2));
            assertThat(y.row(3)).containsExactly(x.row(3));
        }
    }

    @Test
    default void fake_quantization_keeps_nan_and_saturates_infinities() {
        try (PackedFixture f = new PackedFixture()) {
            QuantScheme scheme = f.uniform(1, 3, BitWidth.Q2, Granularity.TENSOR);
            scheme.blocks().get(0).params().setRange(0, -1, 2, 3);
            FloatMatrix x = FloatMatrix.ofVector(f.memory, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
            ops().fakeQuantize(x, scheme, x);
            assertThat(x.row(0)).containsExactly(Float.NaN, 2, -1);
        }
    }

    @ParameterizedTest
    @EnumSource(Granularity.class)
    default void the_clip_mask_passes_gradients_inside_the_range_only(Granularity granularity) {
        try (PackedFixture f = new PackedFixture()) {
            FloatMatrix x = f.matrix(ROWS, 35);
            FloatMatrix gradY = f.matrix(ROWS, 35);
            QuantScheme scheme = f.scheme(ROWS, 35, BitWidth.Q4, granularity, Rounding.NEAREST);
            ops().calibrate(x, scheme, Calibration.MIN_MAX);
            FloatMatrix gradX = f.output(ROWS, 35);
            ops().fakeQuantizeBackward(x, scheme, gradY, gradX);
            FloatMatrix expected = f.output(ROWS, 35);
            new ReferencePackedOps().fakeQuantizeBackward(x, scheme, gradY, expected);
            f.assertSameBits(gradX, expected, granularity);
        }
    }

    @Test
    default void the_clip_mask_closes_just_outside_the_range() {
        try (PackedFixture f = new PackedFixture()) {
            QuantScheme scheme = f.uniform(1, 6, BitWidth.Q2, Granularity.TENSOR);
            scheme.blocks().get(0).params().setRange(0, 0, 3, 3);
            FloatMatrix x = FloatMatrix.ofVector(f.memory, 0, 3, Math.nextDown(0f), Math.nextUp(3f), Float.NaN, 1);
            FloatMatrix gradY = f.filled(1, 6, 5);
            ops().fakeQuantizeBackward(x, scheme, gradY, gradY);
            assertThat(gradY.row(0)).containsExactly(5, 5, 0, 0, 0, 5);
        }
    }

    @Test
    default void operands_of_another_shape_are_refused() {
        try (PackedFixture f = new PackedFixture()) {
            QuantScheme scheme = f.uniform(4, 5, BitWidth.Q4, Granularity.TENSOR);
            PackedMatrix packed = PackedMatrix.allocate(f.memory, scheme);
            FloatMatrix wrong = f.matrix(4, 6);
            assertThatThrownBy(() -> ops().calibrate(wrong, scheme, Calibration.MIN_MAX))
                    .isInstanceOf(ShapeException.class)
                    .hasMessage("calibrate L1.message: got 4x6, expected 4x5");
            assertThatThrownBy(() -> ops().pack(wrong, packed)).isInstanceOf(ShapeException.class);
            assertThatThrownBy(() -> ops().unpack(packed, wrong)).isInstanceOf(ShapeException.class);
            assertThatThrownBy(() -> ops().fakeQuantize(wrong, scheme, wrong)).isInstanceOf(ShapeException.class);
        }
    }

    /** Means of magnitudes worked out by hand: 2 over all, 1.75, 1 and 3.25 by column, 2 and 2 by row. */
    @Test
    default void sign_is_the_mean_magnitude_of_what_a_scale_belongs_to_and_zero_has_code_zero() {
        try (PackedFixture f = new PackedFixture()) {
            FloatMatrix x = FloatMatrix.of(f.memory, new float[][] {{-2, 0, 4}, {1.5f, -2, -2.5f}});
            float[][] expected = {{2}, {2}, {1.75f, 1, 3.25f}, {2, 2}};
            List<Granularity> granularities =
                    List.of(Granularity.TENSOR, Granularity.BUCKET, Granularity.COLUMN, Granularity.ROW);
            for (int g = 0; g < granularities.size(); g++) {
                QuantScheme scheme = QuantScheme.uniform(f.memory, "x", 2, 3, BitWidth.Q1, granularities.get(g));
                ops().calibrate(x, scheme, Calibration.SIGN);
                QuantParams params = scheme.blocks().get(0).params();
                for (int i = 0; i < expected[g].length; i++) {
                    assertThat(params.offset().get(0, i)).isEqualTo(-expected[g][i]);
                    assertThat(params.scale().get(0, i)).isEqualTo(2 * expected[g][i]);
                }
                PackedMatrix packed = PackedMatrix.allocate(f.memory, scheme);
                ops().pack(x, packed);
                FloatMatrix out = f.output(2, 3);
                ops().unpack(packed, out);
                for (int r = 0; r < 2; r++) {
                    for (int c = 0; c < 3; c++) {
                        assertThat(Math.signum(out.get(r, c))).isEqualTo(x.get(r, c) > 0 ? 1 : -1);
                    }
                }
            }
        }
    }

    @Test
    default void the_sign_of_a_tensor_of_zeros_is_zero() {
        try (PackedFixture f = new PackedFixture()) {
            FloatMatrix zeros = f.filled(3, 5, 0);
            QuantScheme scheme = QuantScheme.uniform(f.memory, "x", 3, 5, BitWidth.Q1, Granularity.COLUMN);
            ops().calibrate(zeros, scheme, Calibration.SIGN);
            FloatMatrix out = f.output(3, 5);
            ops().fakeQuantize(zeros, scheme, out);
            assertThat(out.toArray()).isDeepEqualTo(new float[3][5]);
        }
    }

    /** Every code and its halves to the next, both zeros, rows of any size, and blocks of 32 columns that are alike in nothing. */
    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "E.+", mode = EnumSource.Mode.MATCH_ALL)
    default void floats_of_every_kind_have_the_bits_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            for (int cols : new int[] {0, 1, 2, 31, 32, 33, 65, 97}) {
                FloatMatrix x = floats(f, bits.format(), cols);
                QuantScheme scheme = f.scheme(x.rows(), cols, bits, Granularity.BUCKET, Rounding.PAPER);
                PackedMatrix packed = f.packed(ops(), x, scheme);
                PackedMatrix expected = PackedMatrix.allocate(f.memory, scheme);
                new ReferencePackedOps().pack(x, expected);
                f.assertSameCodes(packed, expected, describe(scheme));
                FloatMatrix y = f.output(x.rows(), cols);
                FloatMatrix fake = f.output(x.rows(), cols);
                ops().unpack(packed, y);
                ops().fakeQuantize(x, scheme, fake);
                f.assertSameBits(y, fake, describe(scheme));
                new ReferencePackedOps().fakeQuantize(x, scheme, y);
                f.assertSameBits(fake, y, describe(scheme));
                if (cols > 0) {
                    x.set(0, cols - 1, Float.NaN);
                    x.set(1, cols / 2, Float.NEGATIVE_INFINITY);
                }
                new ReferencePackedOps().fakeQuantize(x, scheme, y);
                ops().fakeQuantize(x, scheme, fake);
                f.assertSameBits(fake, y, "not finite, " + describe(scheme));
                FloatMatrix gradient = f.matrix(x.rows(), cols);
                new ReferencePackedOps().fakeQuantizeBackward(x, scheme, gradient, y);
                ops().fakeQuantizeBackward(x, scheme, gradient, fake);
                f.assertSameBits(fake, y, "backward " + describe(scheme));
            }
        }
    }

    private static FloatMatrix floats(PackedFixture f, FloatFormat format, int cols) {
        int rows = 24;
        FloatMatrix x = f.matrix(rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                int code = f.random.nextInt(format.topCode());
                float half = f.random.nextBoolean() ? format.value(code + 1) : format.value(code);
                float value = (format.value(code) + half) / 2;
                int exponent =
                        r < rows / 2 ? 9 * (c / 32) - 20 : f.random.nextInt(-150, 128 - format.largestExponent());
                x.set(r, c, Math.scalb(f.random.nextBoolean() ? value : -value, exponent));
            }
        }
        if (cols > 0) {
            x.setRow(2, new float[cols]);
            x.set(3, 0, -0f);
            x.set(4, 0, Float.MAX_VALUE);
            x.set(5, 0, -Float.MIN_VALUE);
        }
        return x;
    }

    @Test
    default void floats_have_a_gradient_up_to_the_largest_value_and_name_what_is_no_number() {
        try (PackedFixture f = new PackedFixture()) {
            QuantScheme scheme = f.uniform(1, 33, BitWidth.E2M1, Granularity.TENSOR);
            FloatMatrix x = f.filled(1, 33, 0.5f);
            x.set(0, 3, 6.5f);
            x.set(0, 4, -6);
            x.set(0, 32, 1e9f);
            FloatMatrix gradient = f.filled(1, 33, 1);
            ops().fakeQuantizeBackward(x, scheme, gradient, gradient);
            for (int c = 0; c < 33; c++) {
                assertThat(gradient.get(0, c)).as("column %d", c).isEqualTo(c == 3 ? 0 : 1);
            }
            x.set(0, 32, Float.NaN);
            assertThatThrownBy(() -> ops().pack(x, PackedMatrix.allocate(f.memory, scheme)))
                    .isInstanceOf(NonFiniteException.class)
                    .hasMessageContaining("L1.message")
                    .hasMessageContaining("NaN");
        }
    }
}
