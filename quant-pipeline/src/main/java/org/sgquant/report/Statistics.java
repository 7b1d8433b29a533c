package org.sgquant.report;

import java.util.Collection;

/** Mean and sample standard deviation; the deviation of a single value is 0. */
public record Statistics(double mean, double std) {

    public static Statistics of(Collection<Double> values) {
        double mean = values.stream().mapToDouble(v -> v).average().orElse(Double.NaN);
        double squares =
                values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
        return new Statistics(mean, values.size() < 2 ? 0 : Math.sqrt(squares / (values.size() - 1)));
    }
}
