package org.sgquant.kernels;

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

    /** Bin of {@code x} between {@code min} and {@code max}, max > min, in float32 arithmetic. */
    public static int bin(float x, float min, float binsPerUnit) {
        return Math.min((int) ((x - min) * binsPerUnit), BINS - 1);
    }

    /** Smallest range that leaves at most {@code (1 - fraction)} of the values out on each side. */
    public static Range percentile(float min, float max, long[] counts, double fraction) {
        long total = 0;
        for (long c : counts) {
            total += c;
        }
        long allowed = (long) Math.floor(total * (1 - fraction));
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
        double span = (double) max - min;
        Range best = new Range(min, max);
        double bestError = squaredError(min, max, counts, best, bits, rounding);
        for (int pass = 0; pass < 3; pass++) {
            Range before = best;
            for (int side = 0; side < 2; side++) {
                for (int step = 0; step <= STEPS; step++) {
                    double at = min + span * step / STEPS;
                    Range tried = side == 0 ? new Range(best.lo(), at) : new Range(at, best.hi());
                    if (tried.hi() <= tried.lo()) {
                        continue;
                    }
                    double error = squaredError(min, max, counts, tried, bits, rounding);
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

    private static double squaredError(
            float min, float max, long[] counts, Range range, BitWidth bits, Rounding rounding) {
        int maxCode = bits.maxCode();
        double scale = (range.hi() - range.lo()) / (rounding == Rounding.PAPER ? maxCode + 1.0 : maxCode);
        double width = ((double) max - min) / BINS;
        double error = 0;
        for (int b = 0; b < BINS; b++) {
            if (counts[b] == 0) {
                continue;
            }
            double x = min + (b + 0.5) * width;
            double u = Math.min(Math.max((x - range.lo()) / scale, 0), maxCode);
            u = rounding == Rounding.PAPER ? Math.floor(u) : Math.rint(u);
            double d = x - (range.lo() + scale * u);
            error += counts[b] * d * d;
        }
        return error;
    }
}
