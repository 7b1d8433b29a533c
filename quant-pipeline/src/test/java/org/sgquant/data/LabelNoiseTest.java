package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class LabelNoiseTest {

    private static final int NODES = 6000;
    private static final int CLASSES = 5;

    private static int[] range(int from, int to) {
        return IntStream.range(from, to).toArray();
    }

    private static int[] labels() {
        return IntStream.range(0, NODES).map(i -> i % CLASSES).toArray();
    }

    private static Split split() {
        return new Split(range(0, 2000), range(2000, 4000), range(4000, NODES));
    }

    @Test
    void flipsTheAskedShareOfTrainingAndValidationLabelsToEachOtherClassAlike() {
        int[] clean = labels();
        int[] noisy = new LabelNoise(0.4, 7).apply(clean, split(), CLASSES);
        int[] shifts = new int[CLASSES];
        IntStream.range(0, 4000).forEach(i -> shifts[Math.floorMod(noisy[i] - clean[i], CLASSES)]++);
        // Binomial with standard deviations of 31 and 19: five of them on each side.
        assertThat(shifts[0]).isBetween(2400 - 155, 2400 + 155);
        for (int s = 1; s < CLASSES; s++) {
            assertThat(shifts[s]).isBetween(400 - 95, 400 + 95);
        }
        assertThat(clean).as("the labels given stay").isEqualTo(labels());
    }

    @Test
    void leavesTestLabelsAndDependsOnTheSeedAlone() {
        int[] clean = labels();
        int[] noisy = new LabelNoise(0.9, 1).apply(clean, split(), CLASSES);
        IntStream.range(4000, NODES).forEach(i -> assertThat(noisy[i]).isEqualTo(clean[i]));
        assertThat(new LabelNoise(0.9, 1).apply(clean, split(), CLASSES)).isEqualTo(noisy);
        assertThat(new LabelNoise(0.9, 2).apply(clean, split(), CLASSES)).isNotEqualTo(noisy);
        assertThat(new LabelNoise(0, 1).apply(clean, split(), CLASSES)).isEqualTo(clean);
    }

    @Test
    void aNoisyDatasetSaysSoAndIsAnotherInput() {
        try (Dataset clean = SyntheticCitationGraph.SMALL.generate();
                Dataset noisy = SyntheticCitationGraph.SMALL.generate(
                        DatasetOptions.DEFAULT.withLabelNoise(new LabelNoise(0.3, 4)))) {
            assertThat(noisy.splitSource())
                    .isEqualTo(clean.splitSource() + "; label noise 0.3 (seed 4) on train and validation");
            assertThat(noisy.fingerprint()).isNotEqualTo(clean.fingerprint());
            for (int node : clean.split().test()) {
                assertThat(noisy.labels()[node]).isEqualTo(clean.labels()[node]);
            }
        }
    }

    @Test
    void parsesARateWithOrWithoutASeed() {
        assertThat(LabelNoise.parse("0.2")).isEqualTo(new LabelNoise(0.2, 0));
        assertThat(LabelNoise.parse("0.4:9")).isEqualTo(new LabelNoise(0.4, 9));
        assertThatThrownBy(() -> LabelNoise.parse("much")).hasMessageContaining("RATE or RATE:SEED");
        assertThatThrownBy(() -> LabelNoise.parse("1")).hasMessageContaining("must lie in [0, 1)");
    }
}
