package org.sgquant.search;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import org.sgquant.tensor.BitWidth;

/**
 * How far a study is.
 *
 * @param finished trials that are there, of those asked for
 * @param asked trials that the last run asked for, or those that are there once nothing is left to measure; null before
 *     any run has
 * @param workers that live
 * @param best null while no trial is within the bounds
 * @param trialsPerMinute over the last trials, null where there are not two
 * @param secondsLeft at that rate, null where it is not known
 */
public record StudyStatus(
        String strategy,
        String objective,
        String bounds,
        int finished,
        Integer asked,
        List<String> workers,
        Best best,
        Double trialsPerMinute,
        Double secondsLeft) {

    /** The rate is that of this many last trials. */
    private static final int RECENT = 20;

    /** The best trial: its value of the objective, in bytes, seconds or points, and what it is. */
    public record Best(
            int number,
            double value,
            double drop,
            long bytes,
            long innerBytes,
            Double latencySeconds,
            Map<String, BitWidth> bits) {}

    /** The status of {@code study} now. */
    public static StudyStatus of(Study study) {
        Map<String, String> header = study.header();
        List<Study.Entry> entries = study.askedEntries();
        Objective objective = Objective.of(header.getOrDefault("search.objective", Objective.ALL.toString()));
        Double rate = rate(entries);
        OptionalInt asked = study.asked();
        int left = Math.max(0, asked.orElse(0) - entries.size());
        return new StudyStatus(
                header.getOrDefault("search.strategy", "none yet"),
                objective.toString(),
                header.getOrDefault("search.bounds", "none yet"),
                entries.size(),
                asked.isPresent() ? asked.getAsInt() : null,
                study.workers(),
                best(header, objective, entries),
                rate,
                rate == null ? null : left * 60 / rate);
    }

    private static Best best(Map<String, String> header, Objective objective, List<Study.Entry> entries) {
        if (entries.stream().noneMatch(entry -> entry.trial().feasible())) {
            return null;
        }
        double fp32 = Double.parseDouble(header.get("search.fp32ValidationAccuracy"));
        SearchSpace space = SearchSpace.parse(header.get("search.space"));
        Problem problem = new Problem(
                space, bits -> null, objective, new Constraint(Bounds.drop(Double.POSITIVE_INFINITY), fp32));
        Trial best = SearchResult.of(
                        problem, entries.stream().map(Study.Entry::trial).toList())
                .best();
        Cost cost = best.measurement().cost();
        return new Best(
                best.number(),
                problem.measured(best),
                fp32 - best.measurement().validationAccuracy(),
                cost.bytes(),
                cost.innerBytes(),
                Double.isNaN(cost.latencySeconds()) ? null : cost.latencySeconds(),
                space.byCell(best.bits()));
    }

    /** Trials per minute between the end of the first and of the last of the recent ones. */
    private static Double rate(List<Study.Entry> entries) {
        List<Instant> ends = entries.stream().map(Study.Entry::ended).sorted().toList();
        List<Instant> recent = ends.subList(Math.max(0, ends.size() - RECENT), ends.size());
        if (recent.size() < 2) {
            return null;
        }
        long millis = Duration.between(recent.getFirst(), recent.getLast()).toMillis();
        return millis == 0 ? null : (recent.size() - 1) * 60e3 / millis;
    }

    public boolean isComplete() {
        return asked != null && finished >= asked;
    }

    /** A few lines for people. */
    public String text() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "%s, least %s, within: %s%n", strategy, objective, bounds));
        text.append(String.format(Locale.ROOT, "  trials   %d of %s", finished, asked == null ? "?" : asked));
        if (trialsPerMinute != null) {
            text.append(String.format(Locale.ROOT, ", %.1f a minute", trialsPerMinute));
        }
        if (secondsLeft != null && !workers.isEmpty() && !isComplete()) {
            text.append(String.format(Locale.ROOT, ", %.0f s left", secondsLeft));
        }
        text.append(String.format(
                Locale.ROOT, "%n  workers  %d%s%n", workers.size(), workers.isEmpty() ? ": nobody works on it" : ""));
        text.append("  best     ").append(best == null ? "no trial is within the bounds yet" : bestText());
        return text.toString();
    }

    private String bestText() {
        StringBuilder bits = new StringBuilder();
        best.bits()
                .forEach((cell, width) ->
                        bits.append(' ').append(cell).append('=').append(width));
        return String.format(
                Locale.ROOT,
                "trial %d: %s; %,d B, inner %,d B, drop %.2f%n          %s",
                best.number(),
                Objective.of(objective).format(best.value()),
                best.bytes(),
                best.innerBytes(),
                best.drop(),
                bits);
    }
}
