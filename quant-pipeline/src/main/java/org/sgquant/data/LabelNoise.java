package org.sgquant.data;

import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Symmetric label noise: with probability {@code rate} a label becomes one of the other classes, each as likely.
 *
 * <p>Falls on the nodes to train and to validate on, in ascending order, drawn from {@code seed} alone; the labels to
 * test on stay. Source: Patrini et al., CVPR 2017, section 5.
 */
public record LabelNoise(double rate, long seed) {

    public LabelNoise {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException("label noise " + rate + " must lie in [0, 1)");
        }
    }

    /** Parses {@code RATE} (seed 0) or {@code RATE:SEED}. */
    public static LabelNoise parse(String text) {
        String[] parts = text.split(":", 2);
        try {
            return new LabelNoise(Double.parseDouble(parts[0]), parts.length == 1 ? 0 : Long.parseLong(parts[1]));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("label noise '" + text + "' is not of the form RATE or RATE:SEED", e);
        }
    }

    /** A noisy copy of {@code labels}. */
    int[] apply(int[] labels, Split split, int numClasses) {
        int[] noisy = labels.clone();
        SplittableRandom random = new SplittableRandom(seed);
        IntStream.concat(IntStream.of(split.train()), IntStream.of(split.validation()))
                .sorted()
                .forEach(node -> {
                    boolean flipped = random.nextDouble() < rate;
                    int other = numClasses < 2 ? 0 : 1 + random.nextInt(numClasses - 1);
                    if (flipped) {
                        noisy[node] = (labels[node] + other) % Math.max(numClasses, 1);
                    }
                });
        return noisy;
    }

    /** For the report. */
    @Override
    public String toString() {
        return "label noise " + rate + " (seed " + seed + ") on train and validation";
    }
}
