package org.sgquant.kernels;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.Rounding;

/**
 * Chooses a range [lo, hi] from a histogram of a tensor: the part of calibration that every backend shares.
 *
 * <p>The histogram has {@link #BINS} equal bins between the smallest and the largest value; a value counts at the
 * middle of its bin.
 */
public final class RangeSearch {

    /** Bins of a calibration histogram. */
    public static final int BINS = 1024;

    /** Ends of the range tried by the squared-error search: this many steps from the extreme to the far end. */
    private static final int STEPS = 48;

    private RangeSearch() {}

    /** A closed interval. */
    public record Range(double lo, double hi) {}

    /** Factor that turns a distance from {@code min} into a bin: {@code BINS / (max - min)}, max > min. */
    public static float binsPerUnit(float min, float max) {
        return (float) (BINS / ((double) max - min));
    }

    /** Bin of {@code x} between {@code min} and {@code max}, max > min, in float32 arithmetic. */
    public static int bin(float x, float min, float binsPerUnit) {
        return Math.min((int) ((x - min) * binsPerUnit), BINS - 1);
    }

    /**
     * The range that {@code calibration}, PERCENTILE or MSE, chooses for values from {@code min} to {@code max} with
     * these counts.
     */
    public static Range choose(
            Calibration calibration, float min, float max, long[] counts, BitWidth bits, Rounding rounding) {
        return switch (calibration.method()) {
            case PERCENTILE -> percentile(min, max, counts, calibration.fraction());
            case MSE -> leastSquares(min, max, counts, bits, rounding);
            case MIN_MAX, ROW_MEAN ->
                throw new IllegalArgumentException("calibration " + calibration + " needs no histogram");
        };
    }

    /** Smallest range that leaves at most {@code (1 - fraction)} of the values out on each side. */
    public static Range percentile(float min, float max, long[] counts, double fraction) {
        long total = 0;
        for (long c : counts) {
            total += c;
        }
        long allowed = total - (long) Math.ceil(total * fraction);
        int first = 0;
        for (long left = counts[0]; left <= allowed && first < BINS - 1; left += counts[first]) {
            first++;
        }
        int last = BINS - 1;
        for (long right = counts[BINS - 1]; right <= allowed && last > first; right += counts[last]) {
            last--;
        }
        double width = ((double) max - min) / BINS;
        return new Range(first == 0 ? min : min + first * width, last == BINS - 1 ? max : min + (last + 1) * width);
    }

    /**
     * The range of least squared error at width {@code bits}, by alternating search over lo and hi.
     *
     * <p>The paper form of rounding is searched with its own error.
     */
    public static Range leastSquares(float min, float max, long[] counts, BitWidth bits, Rounding rounding) {
        Occupied bins = new Occupied(min, max, counts);
        double span = (double) max - min;
        Range best = new Range(min, max);
        double bestError = bins.squaredError(best, bits, rounding);
        for (int pass = 0; pass < 3; pass++) {
            Range before = best;
            for (int side = 0; side < 2; side++) {
                for (int step = 0; step <= STEPS; step++) {
                    double at = min + span * step / STEPS;
                    Range tried = side == 0 ? new Range(best.lo(), at) : new Range(at, best.hi());
                    if (tried.hi() <= tried.lo()) {
                        continue;
                    }
                    double error = bins.squaredError(tried, bits, rounding);
                    if (error < bestError) {
                        bestError = error;
                        best = tried;
                    }
                }
            }
            if (best.equals(before)) {
                break;
            }
        }
        return best;
    }

    /** Middles and counts of the bins that hold values: a row of 16 values fills at most 16 of the 1024. */
    private static final class Occupied {

        private final double[] middle;
        private final double[] count;

        Occupied(float min, float max, long[] counts) {
            double width = ((double) max - min) / BINS;
            int[] bins = IntStream.range(0, BINS).filter(b -> counts[b] != 0).toArray();
            middle = Arrays.stream(bins)
                    .mapToDouble(b -> min + (b + 0.5) * width)
                    .toArray();
            count = Arrays.stream(bins).mapToDouble(b -> counts[b]).toArray();
        }

        double squaredError(Range range, BitWidth bits, Rounding rounding) {
            int maxCode = bits.maxCode();
            double scale = (range.hi() - range.lo()) / rounding.steps(bits);
            double error = 0;
            for (int i = 0; i < middle.length; i++) {
                double u = Math.min(Math.max((middle[i] - range.lo()) / scale, 0), maxCode);
                u = rounding == Rounding.PAPER ? Math.floor(u) : Math.rint(u);
                double d = middle[i] - (range.lo() + scale * u);
                error += count[i] * d * d;
            }
            return error;
        }
    }
}
