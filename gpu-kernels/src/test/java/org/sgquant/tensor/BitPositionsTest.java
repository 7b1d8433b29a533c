package org.sgquant.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BitPositionsTest {

    @Test
    void positionsOfWordsOfAnyNumberOfOnesFollowOneAnother() {
        long seed = Long.getLong("sgquant.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int ones = 0; ones <= Long.SIZE; ones++) {
            long word = 0;
            while (Long.bitCount(word) < ones) {
                word |= 1L << random.nextInt(Long.SIZE);
            }
            long drawn = word;
            int[] expected = IntStream.range(0, Long.SIZE)
                    .filter(i -> (drawn >>> i & 1) == 1)
                    .map(i -> 1000 + i)
                    .toArray();
            int[] positions = new int[1 + Long.SIZE + BitPositions.SLACK];
            assertThat(BitPositions.append(word, 1000, positions, 1)).isEqualTo(1 + ones);
            assertThat(Arrays.copyOfRange(positions, 1, 1 + ones))
                    .as("ones of %x, seed %d", word, seed)
                    .isEqualTo(expected);
        }
    }
}
