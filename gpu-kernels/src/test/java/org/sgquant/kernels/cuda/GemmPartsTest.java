package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How long sums over rows are split. */
class GemmPartsTest {

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1",
        "1023, 1, 1",
        "1024, 1, 2",
        "2708, 23, 3",
        "170000, 1, 64",
        "170000, 4, 64",
        "170000, 100, 5",
        "2449029, 1, 64",
        "170000, 512, 1",
        "170000, 100000, 1"
    })
    void partsFillTheDeviceAndNoMore(int depth, long tiles, int parts) {
        int chunk = CudaDenseOps.chunk(depth, tiles);
        assertThat(Math.ceilDiv(depth, chunk)).isEqualTo(parts);
        assertThat(chunk % 16).as("parts start where a slice starts").isZero();
    }

    @Test
    void anEmptySumIsOnePart() {
        assertThat(CudaDenseOps.chunk(0, 0)).isEqualTo(16);
    }
}
