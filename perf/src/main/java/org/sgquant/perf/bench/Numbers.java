package org.sgquant.perf.bench;

import java.math.BigDecimal;
import java.math.RoundingMode;
import org.apache.commons.math3.stat.descriptive.rank.Percentile;

/** Figures of samples, rounded once, so that every form of a report has the same digits. */
final class Numbers {

    private Numbers() {}

    /** With {@code places} digits after the point. */
    static double rounded(double value, int places) {
        return Double.isFinite(value)
                ? BigDecimal.valueOf(value)
                        .setScale(places, RoundingMode.HALF_EVEN)
                        .doubleValue()
                : value;
    }

    /** The value below which {@code percent} of the samples lie. */
    static double percentile(double[] samples, double percent) {
        return new Percentile(percent)
                .withEstimationType(Percentile.EstimationType.R_7)
                .evaluate(samples);
    }

    static double median(double[] samples) {
        return percentile(samples, 50);
    }

    /** Of a number in a table; nothing for null. */
    static String text(Double value) {
        return value == null ? "" : BigDecimal.valueOf(value).toPlainString();
    }
}
