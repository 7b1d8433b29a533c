package org.sgquant.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class PackedMatrixTest {

    private static final int ROWS = 50_000;

    /** What is reported as stored is what is taken from memory, but for alignment and slack. */
    @ParameterizedTest
    @EnumSource(BitWidth.class)
    void allocatedBytesAreWithinFivePercentOfStoredBytes(BitWidth bits) {
        for (int cols : new int[] {1, 16, 33, 128}) {
            for (Granularity granularity : Granularity.values()) {
                for (int[] bounds : List.of(new int[] {0, ROWS}, new int[] {0, 17, 9_000, 9_000, ROWS})) {
                    try (HostMemory memory = new HostMemory()) {
                        List<BitWidth> widths = Collections.nCopies(bounds.length - 1, bits);
                        PackedMatrix x = PackedMatrix.allocate(
                                memory,
                                QuantScheme.create(memory, "x", bounds, cols, widths, granularity, Rounding.NEAREST));
                        // Ranges of rows of floats are allocated and never stored: there are none.
                        long unused = bits.isInteger()
                                ? 0
                                : x.scheme().blocks().stream()
                                        .mapToLong(b -> b.params().bytes())
                                        .sum();
                        assertThat(memory.allocatedBytes() - unused)
                                .as("%s, %d columns, %s, %d blocks", bits, cols, granularity, widths.size())
                                .isCloseTo(x.storedBytes(), Percentage.withPercentage(5));
                    }
                }
            }
        }
    }
}
