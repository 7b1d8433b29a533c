package org.sgquant.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.sgquant.report.Amounts.SizeUnit;
import org.sgquant.report.HtmlTable.Written;
import org.sgquant.report.ReportData.Trial;

/** Figures of the trials: the Pareto front, and the best objective so far against trials and against seconds. */
final class SearchFigures {

    private static final String PARETO = "Accuracy against size";
    private static final String HISTORY = "How the search went";

    private static final String WITHIN = "within the bounds";
    private static final String BEYOND = "beyond the bounds";
    private static final String CHOSEN = "chosen";

    private final ReportData.Search search;
    private final List<Trial> front;
    private final Scale cost;
    private final Scale best;

    /** How values of one kind are drawn and written. */
    private record Scale(String unit, DoubleUnaryOperator count, DoubleFunction<String> text) {

        private static final Scale DROP =
                new Scale("points", points -> points, points -> Amounts.format("%.2f points", points));

        static Scale of(ReportData.Unit unit, List<Trial> trials) {
            if (unit == ReportData.Unit.SECONDS) {
                return new Scale("ms", seconds -> 1e3 * seconds, Amounts::seconds);
            }
            SizeUnit size = SizeUnit.suiting(
                    Math.round(trials.stream().mapToDouble(Trial::cost).max().orElse(0)));
            return new Scale(
                    size.name(), bytes -> size.count(Math.round(bytes)), bytes -> Amounts.bytes(Math.round(bytes)));
        }
    }

    private SearchFigures(ReportData.Search search) {
        this.search = search;
        this.front = front(search.trials());
        this.cost = Scale.of(search.costUnit(), search.trials());
        this.best = search.leastDrop() ? Scale.DROP : cost;
    }

    /** The Pareto front first, the history last. */
    static List<Figure> of(ReportData data) {
        if (data.search() == null || data.search().trials().isEmpty()) {
            String why = "No search was recorded: the bits were given, not searched.";
            return List.of(Figure.empty("pareto", PARETO, why), Figure.empty("history", HISTORY, why));
        }
        SearchFigures figures = new SearchFigures(data.search());
        return List.of(figures.pareto(), figures.history());
    }

    private boolean isTimed() {
        return search.costUnit() == ReportData.Unit.SECONDS;
    }

    /** Trials that no other one beats in cost and accuracy, by cost. */
    static List<Trial> front(List<Trial> trials) {
        List<Trial> front = new ArrayList<>();
        double least = Double.POSITIVE_INFINITY;
        List<Trial> ordered = trials.stream()
                .sorted(Comparator.comparingDouble(Trial::cost).thenComparingDouble(Trial::drop))
                .toList();
        for (Trial trial : ordered) {
            if (trial.drop() < least) {
                least = trial.drop();
                front.add(trial);
            }
        }
        return front;
    }

    private record Point(
            String study,
            int number,
            double size,
            String sizeText,
            String storedText,
            double drop,
            String outcome,
            String bits) {}

    private Point point(Trial t) {
        return new Point(
                t.study(),
                t.number(),
                cost.count().applyAsDouble(t.cost()),
                cost.text().apply(t.cost()),
                Amounts.bytes(t.storedBytes()),
                t.drop(),
                outcome(t),
                t.bits());
    }

    private static String outcome(Trial trial) {
        return trial.feasible() ? WITHIN : BEYOND;
    }

    private static Point chosen(Point p) {
        return new Point(p.study, p.number, p.size, p.sizeText, p.storedText, p.drop, CHOSEN, p.bits);
    }

    private record Limit(double maxDrop) {}

    private Figure pareto() {
        List<Trial> trials = search.trials();
        List<Trial> chosen = trials.stream().filter(Trial::chosen).toList();
        long feasible = trials.stream().filter(Trial::feasible).count();
        boolean limited = Double.isFinite(search.maxDrop());
        String caption = Amounts.format(
                "Each mark is a measured assignment; left is %s, down is more accurate. %s%d of %d trials are within"
                        + " the bounds; the stepped line joins those that no other beats in both. %s",
                isTimed() ? "faster" : "smaller",
                limited ? Amounts.format("The dashed line is the allowed drop of %.2f points. ", search.maxDrop()) : "",
                feasible,
                trials.size(),
                diamond(chosen, feasible > 0));
        return Figure.of(
                "pareto",
                PARETO,
                caption,
                table(),
                new Figure.Chart(
                        "pareto",
                        Map.of(
                                "trials", trials.stream().map(this::point).toList(),
                                "front", front.stream().map(this::point).toList(),
                                "chosen",
                                        chosen.stream()
                                                .map(this::point)
                                                .map(SearchFigures::chosen)
                                                .toList(),
                                "limit", limited ? List.of(new Limit(search.maxDrop())) : List.of()),
                        Map.of(
                                "sizeName",
                                isTimed() ? "time" : "size",
                                "sizeTitle",
                                search.costName() + ", " + cost.unit() + " (log scale)",
                                "dropTicks",
                                dropTicks(trials.stream().mapToDouble(Trial::drop)),
                                "sizeTicks",
                                ticks(trials.stream().map(this::point).mapToDouble(Point::size)),
                                "outcomes",
                                chosen.isEmpty() ? List.of(WITHIN, BEYOND) : List.of(WITHIN, BEYOND, CHOSEN))));
    }

    /** Every trial, the cheapest first. */
    private HtmlTable table() {
        HtmlTable table = new HtmlTable(
                "study",
                "trial",
                isTimed() ? "time" : "size",
                "stored",
                "drop, points",
                "latency",
                "allowed",
                "on the front",
                "bits");
        search.trials().stream()
                .sorted(Comparator.comparingDouble(Trial::cost))
                .forEach(t -> table.markedRow(
                        t.chosen(),
                        t.study(),
                        t.number(),
                        new Written(cost.text().apply(t.cost())),
                        new Written(Amounts.bytes(t.storedBytes())),
                        new Written(Amounts.format("%.2f", t.drop())),
                        t.latencySeconds() == null ? null : new Written(Amounts.seconds(t.latencySeconds())),
                        t.feasible() ? "yes" : "no",
                        front.contains(t) ? "yes" : "no",
                        t.bits()));
        return table;
    }

    private static String diamond(List<Trial> chosen, boolean feasible) {
        if (chosen.isEmpty()) {
            return "The bits above are of none of these trials.";
        }
        return feasible
                ? "The diamond is the one chosen, the best within the bounds."
                : "The diamond is the one of least drop.";
    }

    private static List<Double> ticks(DoubleStream values) {
        DoubleSummaryStatistics range = values.summaryStatistics();
        return Ticks.log(range.getMin(), range.getMax());
    }

    /** Round numbers on both sides of 0, as far as the trials reach. */
    private static List<Double> dropTicks(DoubleStream drops) {
        DoubleSummaryStatistics range = drops.summaryStatistics();
        double least = range.getMin();
        double most = range.getMax();
        List<Double> ticks = DoubleStream.of(-5, -2, -1, -0.5, 0, 0.5, 1, 2, 5, 10, 20, 50, 100)
                .filter(tick -> tick >= least - 0.1 && tick <= most)
                .boxed()
                .toList();
        return ticks.size() < 2 ? Ticks.linear(least, most) : ticks;
    }

    /** {@code trial} counts from 1. */
    private record Step(String study, int trial, double seconds, double size, String sizeText) {}

    /** What the history follows. */
    private String goal() {
        if (search.leastDrop()) {
            return "drop";
        }
        return isTimed() ? "time" : "size";
    }

    private Figure history() {
        Map<String, List<Trial>> studies = search.trials().stream()
                .collect(Collectors.groupingBy(Trial::study, LinkedHashMap::new, Collectors.toList()));
        List<Step> steps = new ArrayList<>();
        HtmlTable table = new HtmlTable("study", "trial", "seconds", "best so far");
        studies.forEach((study, trials) -> {
            List<Step> line = steps(study, trials);
            line.forEach(step -> table.row(
                    study,
                    step.trial(),
                    new Written(Amounts.format("%.1f", step.seconds())),
                    new Written(step.sizeText())));
            steps.addAll(line);
        });
        if (steps.isEmpty()) {
            return Figure.empty(
                    "history",
                    HISTORY,
                    "No trial was within the bounds, so there is no best " + goal() + " to follow.");
        }
        String reached = studies.keySet().stream()
                .map(study -> steps.stream()
                        .filter(step -> step.study().equals(study))
                        .reduce((first, last) -> last)
                        .map(last -> last.sizeText() + " after " + last.trial() + " trials (" + study + ")")
                        .orElse("nothing allowed (" + study + ")"))
                .collect(Collectors.joining(", "));
        // Drops may be 0 and less, where a logarithm ends.
        Map<String, Object> scale = search.leastDrop()
                ? Map.of("type", "symlog", "constant", 0.5, "zero", false, "nice", false, "padding", 10)
                : Map.of("type", "log", "nice", false, "padding", 10);
        Map<String, Object> words = Map.of(
                "bestTitle",
                "best " + goal() + " so far, " + best.unit(),
                "bestScale",
                scale,
                "bestTicks",
                bestTicks(steps),
                "clock",
                search.clock());
        Map<String, List<?>> data = Map.of("history", steps);
        return Figure.of(
                "history",
                HISTORY,
                "The least " + goal() + " within the bounds so far, after each trial and by the clock: lower and"
                        + " earlier is better. Reached: " + reached + ".",
                table,
                new Figure.Chart("history-trial", data, words),
                new Figure.Chart("history-time", data, words));
    }

    private List<Double> bestTicks(List<Step> steps) {
        DoubleStream values = steps.stream().mapToDouble(Step::size);
        return search.leastDrop() ? dropTicks(values) : ticks(values);
    }

    /** A step per trial in the order in which they ended, from the first allowed one on. */
    private List<Step> steps(String study, List<Trial> trials) {
        List<Step> steps = new ArrayList<>();
        double least = Double.POSITIVE_INFINITY;
        List<Trial> ended = trials.stream()
                .sorted(Comparator.comparingDouble(Trial::endedAfter))
                .toList();
        for (int n = 0; n < ended.size(); n++) {
            Trial trial = ended.get(n);
            if (trial.feasible()) {
                least = Math.min(least, search.leastDrop() ? trial.drop() : trial.cost());
            }
            if (least < Double.POSITIVE_INFINITY) {
                steps.add(new Step(
                        study,
                        n + 1,
                        trial.endedAfter(),
                        best.count().applyAsDouble(least),
                        best.text().apply(least)));
            }
        }
        return steps;
    }
}
