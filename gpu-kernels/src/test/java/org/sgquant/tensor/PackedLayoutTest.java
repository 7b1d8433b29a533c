package org.sgquant.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PackedLayoutTest {

    @ParameterizedTest
    @CsvSource({
        "Q1, 1, 1", "Q1, 8, 1", "Q1, 9, 2", "Q1, 17, 4", "Q1, 64, 8", "Q1, 65, 16", "Q1, 128, 16", "Q1, 129, 32",
        "Q2, 4, 1", "Q2, 16, 4", "Q2, 33, 16", "Q4, 7, 4", "Q4, 16, 8", "Q4, 17, 16", "Q4, 128, 64", "Q8, 602, 608",
        "Q3, 1, 8", "Q3, 16, 8", "Q3, 33, 32", "Q3, 100, 48", "Q5, 16, 16", "Q6, 8, 8", "Q7, 1, 16", "Q7, 128, 112",
        "Q16, 1, 8", "Q16, 4, 8", "Q16, 5, 16", "Q16, 100, 208", "FP32, 1, 4", "FP32, 2, 8", "FP32, 3, 16"
    })
    void the_row_stride_is_the_padded_payload(BitWidth bits, int cols, int stride) {
        assertThat(PackedLayout.rowStride(bits, cols)).isEqualTo(stride);
    }

    @Test
    void sections_start_on_four_bytes_widest_first() {
        assertThat(PackedLayout.sectionOffset(BitWidth.Q7, 100, 0)).isZero();
        assertThat(PackedLayout.sectionOffset(BitWidth.Q7, 100, 1)).isEqualTo(52);
        assertThat(PackedLayout.sectionOffset(BitWidth.Q7, 100, 2)).isEqualTo(52 + 28);
        assertThat(PackedLayout.payloadBytes(BitWidth.Q7, 100)).isEqualTo(52 + 28 + 13);
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "FP32", mode = EnumSource.Mode.EXCLUDE)
    void codes_come_back_and_leave_their_neighbours_alone(BitWidth bits) {
        long seed = Long.getLong("sgquant.seed", System.nanoTime());
        Random random = new Random(seed);
        int maxCode = (1 << bits.bits()) - 1;
        try (Arena arena = Arena.ofConfined()) {
            for (int cols : new int[] {1, 2, 7, 31, 33, 100}) {
                int stride = PackedLayout.rowStride(bits, cols);
                MemorySegment data = arena.allocate(3L * stride);
                int[] codes = random.ints(cols, 0, maxCode + 1).toArray();
                for (int pass = 0; pass < 2; pass++) {
                    for (int c : random.ints(4L * cols, 0, cols).toArray()) {
                        PackedLayout.setCode(data, stride, bits, cols, c, maxCode);
                        PackedLayout.setCode(data, stride, bits, cols, c, codes[c]);
                    }
                }
                for (int c = 0; c < cols; c++) {
                    PackedLayout.setCode(data, stride, bits, cols, c, codes[c]);
                }
                for (int c = 0; c < cols; c++) {
                    assertThat(PackedLayout.code(data, stride, bits, cols, c))
                            .as("%s F=%d column %d seed %d", bits, cols, c, seed)
                            .isEqualTo(codes[c]);
                }
                assertThat(data.asSlice(0, stride).mismatch(arena.allocate(stride)))
                        .isEqualTo(-1);
                assertThat(data.asSlice(2L * stride, stride).mismatch(arena.allocate(stride)))
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void a_vector_may_be_read_from_any_row_of_a_packed_matrix() {
        try (HostMemory memory = new HostMemory()) {
            QuantScheme scheme = QuantScheme.uniform(memory, "X", 3, 5, BitWidth.Q4, Granularity.TENSOR);
            PackedMatrix x = PackedMatrix.allocate(memory, scheme);
            assertThat(x.dataBytes(0)).isEqualTo(12);
            assertThat(x.data(0).byteSize()).isGreaterThanOrEqualTo(12 + PackedMatrix.SLACK);
        }
    }

    @Test
    void a_row_has_less_than_two_to_the_31_bytes() {
        assertThat(PackedLayout.rowStride(BitWidth.Q8, (1 << 28) + 5)).isEqualTo((1 << 28) + 16);
        assertThat(PackedLayout.sectionOffset(BitWidth.Q16, (1 << 28) + 5, 1)).isEqualTo((1 << 28) + 8);
        assertThatThrownBy(() -> PackedLayout.rowStride(BitWidth.Q16, 1 << 30))
                .isInstanceOf(ShapeException.class)
                .hasMessage("packed row: got 1073741824 columns of 16 bits, expected less than 2^31 bytes");
    }

    @Test
    void a_range_gives_a_scale_that_division_survives() {
        try (HostMemory memory = new HostMemory()) {
            QuantParams params = QuantParams.allocate(memory, 4);
            params.setRange(0, 2, 2, 15);
            params.setRange(1, -1, 1, 4);
            params.setRange(2, 0, Float.MIN_VALUE, 255);
            params.setRange(3, -Float.MAX_VALUE, Float.MAX_VALUE, 1);
            assertThat(params.scale().row(0)).containsExactly(1, 0.5f, Float.MIN_VALUE, Float.MAX_VALUE);
            assertThat(params.offset().row(0)).containsExactly(2, -1, 0, -Float.MAX_VALUE);
        }
    }
}
