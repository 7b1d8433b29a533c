package org.sgquant.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Against {@code float-formats.txt}, whose head says where its numbers come from. */
final class FloatFormatTest {

    private static List<String> oracle(String kind, BitWidth bits) throws IOException {
        try (InputStream in = FloatFormatTest.class.getResourceAsStream("float-formats.txt")) {
            String head = kind + " " + bits + " ";
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> line.startsWith(head))
                    .flatMap(line -> Arrays.stream(line.substring(head.length()).split(" ")))
                    .toList();
        }
    }

    private static float bits(String hex) {
        return Float.intBitsToFloat(Integer.parseUnsignedInt(hex, 16));
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "E.+", mode = EnumSource.Mode.MATCH_ALL)
    void every_code_has_its_value_and_every_value_its_code(BitWidth bits) throws IOException {
        FloatFormat format = bits.format();
        List<String> values = oracle("value", bits);
        assertThat(values).hasSize(format.topCode() + 1);
        for (int code = 0; code < values.size(); code++) {
            float value = bits(values.get(code));
            assertThat(format.value(code)).as("%s %d", bits, code).isEqualTo(value);
            assertThat(format.value(code | format.signBit())).isEqualTo(-value);
            assertThat(format.code(value)).isEqualTo(code);
            assertThat(format.code(-value)).isEqualTo(code | format.signBit());
        }
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "E.+", mode = EnumSource.Mode.MATCH_ALL)
    void codes_are_the_nearest_half_to_even(BitWidth bits) throws IOException {
        for (String pair : oracle("nearest", bits)) {
            String[] xAndCode = pair.split(":");
            assertThat(bits.format().code(bits(xAndCode[0])))
                    .as("%s %s", bits, bits(xAndCode[0]))
                    .isEqualTo(Integer.parseInt(xAndCode[1]));
        }
    }

    /** Largest value, shared exponent of the largest value, and from where on the scale is the next one. */
    @ParameterizedTest
    @CsvSource({"E2M1, 6, 2, 7", "E3M2, 28, 4, 30", "E4M3, 448, 8, 480", "E5M2, 57344, 15, 61440"})
    void scales_put_the_largest_magnitude_near_the_largest_value(BitWidth bits, float largest, int exponent, float up) {
        FloatFormat format = bits.format();
        assertThat(format.largest()).isEqualTo(largest);
        assertThat(format.largestExponent()).isEqualTo(exponent);
        assertThat(format.scaleCode(0)).as("zeros").isEqualTo(127);
        assertThat(format.scaleCode(largest)).isEqualTo(127);
        assertThat(format.scaleCode(Math.nextDown(up))).isEqualTo(127);
        assertThat(format.scaleCode(up)).isEqualTo(128);
        assertThat(format.scaleCode(largest / 1024)).isEqualTo(117);
        assertThat(format.scaleCode(Float.MIN_VALUE)).isZero();
        for (float huge : new float[] {Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
            float scale = FloatFormat.scale(format.scaleCode(huge));
            assertThat(scale * format.value(format.code(huge / scale)))
                    .isFinite()
                    .isGreaterThanOrEqualTo(1.5f * 0x1p127f);
        }
        float least = FloatFormat.scale(0) * format.value(1);
        assertThat(least).as("no step is below the least float").isGreaterThan(Float.MIN_VALUE);
        assertThat((double) least).isEqualTo(0x1p-127 * format.value(1));
    }

    @Test
    void a_width_that_does_not_exist_is_named_beside_those_that_do() {
        assertThat(BitWidth.of("e4m3")).isEqualTo(BitWidth.E4M3);
        assertThat(BitWidth.of(4)).isEqualTo(BitWidth.Q4);
        assertThatThrownBy(() -> BitWidth.of("e4m4"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("bit width e4m4 does not exist: choose one of 1 2 3 4 5 6 7 8 16 e2m1 e3m2 e4m3 e5m2 or 32"
                        + " (not quantized)");
    }
}
