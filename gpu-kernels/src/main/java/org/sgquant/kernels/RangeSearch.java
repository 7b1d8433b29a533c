package org.sgquant.kernels;

import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
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

    /** Places tried for an end of the range at one level of the squared-error search. */
    private static final int STEPS = 16;

    private static final int LEVELS = 3;

    /** Most times that a level moves both ends. */
    private static final int ROUNDS = 3;

    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;

    /** Added and taken away again it leaves the nearest whole number, half to even, of anything from 0 to it. */
    private static final double WHOLE = 0x1p52;

    private RangeSearch() {}

    /** A closed interval. */
    public record Range(double lo, double hi) {}

    /** The range of SIGN for {@code count} values whose magnitudes add up to {@code sum}. */
    public static Range symmetric(double sum, long count) {
        return new Range(-sum / count, sum / count);
    }

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
            case MIN_MAX, ROW_MEAN, SIGN ->
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
     * The range of least squared error at width {@code bits}, by alternating search over hi and lo.
     *
     * <p>The first level tries {@link #STEPS} places over the whole span for each end, each further level as many
     * within an eighth of the last reach around the best, until neither end moves. The paper form of rounding is
     * searched with its own error.
     */
    public static Range leastSquares(float min, float max, long[] counts, BitWidth bits, Rounding rounding) {
        Occupied bins = new Occupied(min, max, counts, bits, rounding);
        Scored best = bins.score(new Range(min, max));
        double reach = (double) max - min;
        for (int level = 0; level < LEVELS; level++) {
            Scored before = null;
            for (int round = 0; round < ROUNDS && !best.equals(before); round++) {
                before = best;
                best = bestHigh(bins, best, level == 0 ? min : best.range().hi() - reach / 2, reach, max);
                best = bestLow(bins, best, level == 0 ? min : best.range().lo() - reach / 2, reach, min);
            }
            reach /= STEPS / 2.0;
        }
        return best.range();
    }

    /**
     * Counts {@code times} values {@code x / (code * unit)} of a row of this code, kept within [-1, 1] or [0, 1], in the
     * histogram that {@link #clip} takes; for MSE each counts code squared times, as the row's error does.
     */
    public static void countInRow(
            Calibration calibration, boolean symmetric, float x, float unit, int code, long times, long[] counts) {
        float min = symmetric ? -1 : 0;
        float share = Math.min(Math.max(x / (code * unit), min), 1);
        long weight = calibration.method() == Calibration.Method.MSE ? (long) code * code : 1;
        counts[bin(share, min, binsPerUnit(min, 1))] += weight * times;
    }

    /**
     * The share k of [-1, 1] if symmetric, else of [0, 1], that {@code calibration}, PERCENTILE or MSE, chooses for
     * values in it with these counts: one range for rows that are each divided by their own magnitude.
     */
    public static double clip(
            Calibration calibration, boolean symmetric, long[] counts, BitWidth bits, Rounding rounding) {
        float min = symmetric ? -1 : 0;
        if (calibration.method() == Calibration.Method.PERCENTILE) {
            Range range = percentile(min, 1, counts, calibration.fraction());
            return Math.max(-range.lo(), range.hi());
        }
        Occupied bins = new Occupied(min, 1, counts, bits, rounding);
        Scored best = bins.score(new Range(min, 1));
        double reach = 1;
        for (int level = 0; level < LEVELS; level++) {
            double from = level == 0 ? 0 : best.range().hi() - reach / 2;
            double[] lo = new double[STEPS + 1];
            double[] hi = new double[STEPS + 1];
            for (int step = 0; step <= STEPS; step++) {
                hi[step] = Math.min(from + reach * step / STEPS, 1);
                lo[step] = min * hi[step];
            }
            best = best.orBest(bins, lo, hi);
            reach /= STEPS / 2.0;
        }
        return best.range().hi();
    }

    private static Scored bestHigh(Occupied bins, Scored start, double from, double reach, double max) {
        double[] hi = new double[STEPS + 1];
        double[] lo = new double[STEPS + 1];
        for (int step = 0; step <= STEPS; step++) {
            hi[step] = Math.min(from + reach * step / STEPS, max);
            lo[step] = start.range().lo();
        }
        return start.orBest(bins, lo, hi);
    }

    private static Scored bestLow(Occupied bins, Scored start, double from, double reach, double min) {
        double[] hi = new double[STEPS + 1];
        double[] lo = new double[STEPS + 1];
        for (int step = 0; step <= STEPS; step++) {
            hi[step] = start.range().hi();
            lo[step] = Math.max(from + reach * step / STEPS, min);
        }
        return start.orBest(bins, lo, hi);
    }

    /** A range and its squared error. */
    private record Scored(Range range, double error) {

        /** This, or of the ranges {@code [lo_i, hi_i]} that are not empty the first of least error, if that is less. */
        Scored orBest(Occupied bins, double[] lo, double[] hi) {
            double[] errors = bins.errors(lo, hi);
            Scored best = this;
            for (int i = 0; i < lo.length; i++) {
                if (hi[i] > lo[i] && errors[i] < best.error) {
                    best = new Scored(new Range(lo[i], hi[i]), errors[i]);
                }
            }
            return best;
        }
    }

    /** Middles and counts of the bins that hold values: a row of 16 values fills at most 16 of the 1024. */
    private static final class Occupied {

        private final double[] middle;
        private final double[] count;
        private final BitWidth bits;
        private final Rounding rounding;

        Occupied(float min, float max, long[] counts, BitWidth bits, Rounding rounding) {
            this.bits = bits;
            this.rounding = rounding;
            // Steps of a narrow width are wide: four bins taken as one change no choice and cost a quarter.
            int merged = bits.bits() <= 4 ? 4 : 1;
            double width = ((double) max - min) / BINS * merged;
            double[] middles = new double[BINS / merged];
            double[] sums = new double[BINS / merged];
            int occupied = 0;
            for (int b = 0; b < middles.length; b++) {
                long values = 0;
                for (int i = b * merged; i < (b + 1) * merged; i++) {
                    values += counts[i];
                }
                middles[occupied] = min + (b + 0.5) * width;
                sums[occupied] = values;
                occupied += values == 0 ? 0 : 1;
            }
            middle = Arrays.copyOf(middles, occupied);
            count = Arrays.copyOf(sums, occupied);
        }

        Scored score(Range range) {
            return new Scored(range, errors(new double[] {range.lo()}, new double[] {range.hi()})[0]);
        }

        /** Squared error of each range {@code [lo_i, hi_i]}, without a meaning where it is empty: ranges in lanes, bins in order. */
        double[] errors(double[] lo, double[] hi) {
            int padded = Math.ceilDiv(lo.length, DOUBLES.length()) * DOUBLES.length();
            double[] los = Arrays.copyOf(lo, padded);
            double[] scales = new double[padded];
            for (int i = 0; i < padded; i++) {
                scales[i] = i < lo.length ? (hi[i] - lo[i]) / rounding.steps(bits) : 1;
            }
            double[] errors = new double[padded];
            for (int i = 0; i < padded; i += DOUBLES.length()) {
                errors(los, scales, i, errors);
            }
            return errors;
        }

        private void errors(double[] los, double[] scales, int i, double[] errors) {
            DoubleVector lo = DoubleVector.fromArray(DOUBLES, los, i);
            DoubleVector scale = DoubleVector.fromArray(DOUBLES, scales, i);
            DoubleVector perScale = DoubleVector.broadcast(DOUBLES, 1).div(scale);
            DoubleVector most = DoubleVector.broadcast(DOUBLES, bits.maxCode());
            DoubleVector zero = DoubleVector.zero(DOUBLES);
            DoubleVector down = DoubleVector.broadcast(DOUBLES, rounding == Rounding.PAPER ? 1 : 0);
            DoubleVector error = zero;
            for (int b = 0; b < middle.length; b++) {
                DoubleVector x = DoubleVector.broadcast(DOUBLES, middle[b]);
                DoubleVector u = x.sub(lo).mul(perScale);
                u = u.blend(zero, u.compare(VectorOperators.LT, zero));
                u = u.blend(most, u.compare(VectorOperators.GT, most));
                DoubleVector near = u.add(WHOLE).sub(WHOLE);
                DoubleVector code = near.sub(down, near.compare(VectorOperators.GT, u));
                DoubleVector d = x.sub(lo.add(scale.mul(code)));
                error = error.add(
                        DoubleVector.broadcast(DOUBLES, count[b]).mul(d).mul(d));
            }
            error.intoArray(errors, i);
        }
    }
}
