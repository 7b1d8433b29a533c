package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class DegreeHistogramTest {

    @Test
    void everyDegreeIsCountedInTheOneBinThatHoldsIt() {
        int[] degrees = IntStream.concat(IntStream.range(0, 5000), IntStream.of(1 << 20, Integer.MAX_VALUE / 2))
                .toArray();
        DegreeHistogram histogram = DegreeHistogram.of(degrees);
        int last = -1;
        for (DegreeHistogram.Bin bin : histogram.bins()) {
            assertThat(bin.from()).isGreaterThan(last);
            assertThat(bin.count()).as(bin.toString()).isEqualTo((int) IntStream.of(degrees)
                    .filter(d -> bin.from() <= d && d <= bin.to())
                    .count());
            last = bin.to();
        }
        assertThat(histogram.bins().stream()
                        .mapToLong(DegreeHistogram.Bin::count)
                        .sum())
                .isEqualTo(degrees.length);
    }

    @Test
    void smallDegreesStandAloneAndGreaterOnesByQuartersOfADoubling() {
        assertThat(DegreeHistogram.of(new int[] {0, 7, 8, 9, 10, 15, 16, 19, 20}))
                .isEqualTo(new DegreeHistogram(
                        9,
                        52,
                        List.of(
                                new DegreeHistogram.Bin(0, 0, 1),
                                new DegreeHistogram.Bin(7, 7, 1),
                                new DegreeHistogram.Bin(8, 9, 2),
                                new DegreeHistogram.Bin(10, 11, 1),
                                new DegreeHistogram.Bin(14, 15, 1),
                                new DegreeHistogram.Bin(16, 19, 2),
                                new DegreeHistogram.Bin(20, 23, 1))));
    }
}
