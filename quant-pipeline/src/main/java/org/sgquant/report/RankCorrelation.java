package org.sgquant.report;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** {@code rho = cov(rank x, rank y) / (std(rank x) std(rank y))}, equal values sharing their mean rank. Source: Spearman 1904. */
public final class RankCorrelation {

    private RankCorrelation() {}

    /** NaN for fewer than two pairs, or where all values of a side are equal. */
    public static double of(List<Double> x, List<Double> y) {
        if (x.size() != y.size()) {
            throw new IllegalArgumentException("a rank correlation of " + x.size() + " and " + y.size() + " values");
        }
        double[] a = ranks(x);
        double[] b = ranks(y);
        double mean = (x.size() + 1) / 2.0;
        double both = 0;
        double ofA = 0;
        double ofB = 0;
        for (int i = 0; i < a.length; i++) {
            both += (a[i] - mean) * (b[i] - mean);
            ofA += (a[i] - mean) * (a[i] - mean);
            ofB += (b[i] - mean) * (b[i] - mean);
        }
        return both / Math.sqrt(ofA * ofB);
    }

    private static double[] ranks(List<Double> values) {
        int[] order = IntStream.range(0, values.size())
                .boxed()
                .sorted(Comparator.comparingDouble(values::get))
                .mapToInt(i -> i)
                .toArray();
        double[] ranks = new double[order.length];
        for (int from = 0, to; from < order.length; from = to) {
            to = from + 1;
            while (to < order.length && values.get(order[to]).equals(values.get(order[from]))) {
                to++;
            }
            for (int i : Arrays.copyOfRange(order, from, to)) {
                ranks[i] = (from + 1 + to) / 2.0;
            }
        }
        return ranks;
    }
}
