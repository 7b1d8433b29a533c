package org.sgquant.report;

import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Where an axis is labelled: round numbers, which are written as they are, as {@code 10, 20, 50, 100}. */
final class Ticks {

    /** Fewer tell too little of a scale, more are in each other's way. */
    private static final int FEWEST = 3;

    private static final int MOST = 8;

    /** First digits of labels, the best first. */
    private static final List<List<Integer>> DIGITS = List.of(List.of(1, 2, 5), List.of(1), List.of(1, 2, 3, 5, 7));

    /** Steps of a linear scale that is to have about this many. */
    private static final int STEPS = 5;

    private Ticks() {}

    /** Of a logarithmic axis from {@code least} to {@code most}, both above 0. */
    static List<Double> log(double least, double most) {
        for (List<Integer> digits : DIGITS) {
            List<Double> ticks = IntStream.rangeClosed(exponent(least), exponent(most))
                    .boxed()
                    .flatMap(exponent -> digits.stream().map(digit -> times(digit, exponent)))
                    .filter(tick -> tick >= least && tick <= most)
                    .toList();
            if (ticks.size() >= FEWEST && ticks.size() <= MOST) {
                return ticks;
            }
        }
        return linear(least, most);
    }

    /** Multiples of 1, 2 or 5 times a power of ten; about {@code least} alone where there is no other value. */
    static List<Double> linear(double least, double most) {
        if (most <= least) {
            return List.of(Double.valueOf(Amounts.format("%.4g", least)));
        }
        double rough = (most - least) / STEPS;
        int exponent = exponent(rough);
        double step = DoubleStream.of(1, 2, 5, 10)
                .map(digit -> times((int) digit, exponent))
                .filter(each -> each >= rough)
                .findFirst()
                .orElseThrow();
        return IntStream.rangeClosed(0, 2 * STEPS)
                .mapToObj(n -> (Math.ceil(least / step) + n) * step)
                .filter(tick -> tick <= most)
                .toList();
    }

    private static int exponent(double value) {
        return (int) Math.floor(Math.log10(value));
    }

    /** Read from text, which gives the nearest double: 3 * 1e-1 is not 0.3. */
    private static double times(int digit, int exponent) {
        return Double.parseDouble(digit + "e" + exponent);
    }
}
