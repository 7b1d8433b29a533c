package org.sgquant.kernels;

/**
 * How an observer chooses the range [lo, hi] of a tensor, bucket, column or row.
 *
 * <p>{@code fraction} is used by {@link Method#PERCENTILE} only: the share of values kept on either side.
 */
public record Calibration(Method method, double fraction) {

    public static final Calibration MIN_MAX = new Calibration(Method.MIN_MAX, 1);
    public static final Calibration ROW_MEAN = new Calibration(Method.ROW_MEAN, 1);
    public static final Calibration MSE = new Calibration(Method.MSE, 1);
    public static final Calibration SIGN = new Calibration(Method.SIGN, 1);

    /** Range rules. */
    public enum Method {
        /** Smallest and largest value. */
        MIN_MAX,
        /** Mean of the rows' minima, mean of the rows' maxima: the rule of SGQuant's code. */
        ROW_MEAN,
        /** Quantiles {@code 1 - fraction} and {@code fraction}. */
        PERCENTILE,
        /** The range of least squared quantization error at the block's width. */
        MSE,
        /**
         * {@code [-m, m]}, m the mean magnitude: at 1 bit the sign with the scale of least squared error. A zero has
         * code 0, so that sign(0) = -1, for its half rounds to even; what a ReLU leaves is better served by MSE. Source: Rastegari et al., ECCV 2016, equation 6.
         */
        SIGN
    }

    public Calibration {
        if (!(fraction > 0.5 && fraction <= 1)) {
            throw new IllegalArgumentException("percentile " + fraction + " must lie above 0.5 and at most at 1");
        }
    }

    public static Calibration percentile(double fraction) {
        return new Calibration(Method.PERCENTILE, fraction);
    }

    /** Parses {@code minmax}, {@code rowmean}, {@code mse}, {@code sign}, {@code percentile} (99.9 %) or {@code percentile:0.995}. */
    public static Calibration parse(String text) {
        return switch (text) {
            case "minmax" -> MIN_MAX;
            case "rowmean" -> ROW_MEAN;
            case "mse" -> MSE;
            case "sign" -> SIGN;
            case "percentile" -> percentile(0.999);
            default -> {
                if (text.startsWith("percentile:")) {
                    try {
                        yield percentile(Double.parseDouble(text.substring("percentile:".length())));
                    } catch (NumberFormatException e) {
                        throw new IllegalArgumentException("calibration '" + text + "': the fraction is no number", e);
                    }
                }
                throw new IllegalArgumentException("calibration '" + text
                        + "' does not exist: choose minmax, rowmean, mse, sign, percentile or percentile:FRACTION");
            }
        };
    }

    @Override
    public String toString() {
        return switch (method) {
            case MIN_MAX -> "minmax";
            case ROW_MEAN -> "rowmean";
            case MSE -> "mse";
            case SIGN -> "sign";
            case PERCENTILE -> "percentile:" + fraction;
        };
    }
}
