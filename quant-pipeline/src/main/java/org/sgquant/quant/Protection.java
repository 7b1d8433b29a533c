package org.sgquant.quant;

import java.util.Arrays;

/**
 * Degree-Quant's protective mask: in each step of fine-tuning a node stays in fp32 with probability
 * {@code low + (high - low) F(degree)}, F the distribution function of the graph's degrees.
 *
 * <p>One mask per step for all cells with a row per node; inference protects nothing. The ranges see all rows: they are
 * taken where the model is evaluated, where nothing is protected, so a percentile is what keeps hubs from widening them.
 * Source: Tailor et al., Degree-Quant, ICLR 2021, section 3.2.
 */
public record Protection(float low, float high) {

    public static final Protection NONE = new Protection(0, 0);

    public Protection {
        if (!(low >= 0 && low <= high && high < 1)) {
            throw new IllegalArgumentException(
                    "protection needs probabilities 0 <= low <= high < 1, got " + low + ":" + high);
        }
    }

    /** Parses {@code low:high}, such as {@code 0.0:0.1}. */
    public static Protection parse(String text) {
        String[] ends = text.split(":", -1);
        try {
            if (ends.length == 2) {
                return new Protection(Float.parseFloat(ends[0]), Float.parseFloat(ends[1]));
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("protection '" + text + "' holds something that is no number", e);
        }
        throw new IllegalArgumentException("protection '" + text + "' is not of the form LOW:HIGH, such as 0.0:0.1");
    }

    public boolean isOff() {
        return high == 0;
    }

    /** Probability of every node by its degree; equal degrees share one, the largest has {@code high}. */
    public float[] probabilities(int[] degrees) {
        int[] sorted = degrees.clone();
        Arrays.sort(sorted);
        float[] probabilities = new float[degrees.length];
        for (int i = 0; i < degrees.length; i++) {
            double share = (double) upperBound(sorted, degrees[i]) / degrees.length;
            probabilities[i] = (float) (low + (high - low) * share);
        }
        return probabilities;
    }

    /** How many of {@code sorted} are at most {@code value}. */
    private static int upperBound(int[] sorted, int value) {
        int from = 0;
        int to = sorted.length;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (sorted[middle] <= value) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
    }

    @Override
    public String toString() {
        return low + ":" + high;
    }
}
