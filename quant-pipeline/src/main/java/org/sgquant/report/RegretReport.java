package org.sgquant.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Locale;
import org.sgquant.search.Oracle;

/**
 * How strategies fare on a space of which everything was measured.
 *
 * @param configurations of the space
 * @param best least objective within the bounds, bytes, seconds or points
 */
public record RegretReport(
        String dataset,
        String model,
        int configurations,
        String objective,
        double best,
        int repeats,
        List<Row> strategies) {

    /**
     * One strategy.
     *
     * @param reached repeats that came within 2 % of the best
     * @param trials median of the trials this took them, null where fewer than half came there
     * @param seconds median of what these trials had taken, as many at a time as this process has lanes, with what the
     *     strategy itself took until then, its preparation included; null as above
     * @param preparation seconds that the strategy took before its first trial, median
     * @param regret mean of the objective found in the first 5 % of the space over the best, less 1; null where some repeat
     *     had found nothing feasible by then
     */
    public record Row(
            String strategy,
            int reached,
            @JsonInclude(JsonInclude.Include.NON_NULL) Double trials,
            @JsonInclude(JsonInclude.Include.NON_NULL) Double seconds,
            double preparation,
            @JsonInclude(JsonInclude.Include.NON_NULL) Double regret) {

        public static Row of(String strategy, List<Oracle.Outcome> outcomes) {
            double never = Double.POSITIVE_INFINITY;
            double trials = median(outcomes.stream()
                    .map(o -> o.trialsToBest() == null ? never : (double) o.trialsToBest())
                    .toList());
            double seconds = median(outcomes.stream()
                    .map(o -> o.secondsToBest() == null ? never : o.secondsToBest())
                    .toList());
            double preparation = median(
                    outcomes.stream().map(Oracle.Outcome::preparationSeconds).toList());
            double regret = outcomes.stream()
                    .mapToDouble(Oracle.Outcome::regret)
                    .average()
                    .orElseThrow();
            long reached =
                    outcomes.stream().filter(o -> o.trialsToBest() != null).count();
            return new Row(strategy, (int) reached, finite(trials), finite(seconds), preparation, finite(regret));
        }

        private static double median(List<Double> values) {
            List<Double> sorted = values.stream().sorted().toList();
            int middle = sorted.size() / 2;
            return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
        }

        private static Double finite(double value) {
            return Double.isInfinite(value) ? null : value;
        }
    }

    public String text() {
        StringBuilder out = new StringBuilder(String.format(
                Locale.ROOT,
                "%s, %s: %d configurations, least %s within the bounds %s; %d searches of each strategy%n%n",
                dataset,
                model,
                configurations,
                objective,
                best == Math.rint(best) ? String.format(Locale.ROOT, "%.0f", best) : Double.toString(best),
                repeats));
        out.append(String.format(
                "%-16s %8s %12s %10s %10s %12s %16s%n",
                "strategy", "reached", "trials to 2%", "of all, %", "seconds", "preparation", "regret at 5 %, %"));
        for (Row r : strategies) {
            out.append(String.format(
                    Locale.ROOT,
                    "%-16s %6d/%d %12s %10s %10s %12s %16s%n",
                    r.strategy(),
                    r.reached(),
                    repeats,
                    number("%.0f", r.trials()),
                    number("%.1f", r.trials() == null ? null : 100 * r.trials() / configurations),
                    number("%.1f", r.seconds()),
                    number("%.1f", r.preparation()),
                    number("%.1f", r.regret() == null ? null : 100 * r.regret())));
        }
        return out.toString().stripTrailing();
    }

    private static String number(String format, Double value) {
        return value == null ? "-" : String.format(Locale.ROOT, format, value);
    }
}
