package org.sgquant.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.sgquant.data.DegreeHistogram;
import org.sgquant.report.HtmlTable.Written;
import org.sgquant.report.ReportData.CellBits;

/** Figures of one assignment: its bits, what its cells are sensitive to, degrees and buckets, and ranges. */
final class ModelFigures {

    private static final String BITS = "Bits of every cell";
    private static final String SENSITIVITY = "Which cells hurt";
    private static final String DEGREES = "Degrees and buckets";
    private static final String RANGES = "Calibrated ranges";

    /**
     * For 1 to 8, 16 and 32 bits and floats of 4, 6, 8 and 8: each kind one hue from light to dark, which survives any kind of
     * colour vision and print.
     */
    private static final List<String> BIT_COLORS = List.of(
            "#e3eef9", "#c7dcf0", "#a9c9e6", "#4a90c4", "#3a7fb5", "#2c6fa6", "#205f96", "#174f82", "#113f69",
            "#5a2a5f", "#f4d3b0", "#e0a066", "#c4732c", "#9c5413");

    private ModelFigures() {}

    private record Tile(String cell, String bucket, double from, double to, double middle, String bits) {}

    static Figure bits(ReportData data) {
        if (data.cells().isEmpty()) {
            return Figure.empty("bits", BITS, "No assignment was chosen yet.");
        }
        int buckets = 1
                + Math.max(
                        0,
                        data.cells().stream().mapToInt(CellBits::bucket).max().orElse(0));
        List<String> names = buckets == 1 ? List.of("all nodes") : bucketNames(splits(data));
        HtmlTable table = new HtmlTable("layer", "component", "nodes", "bits");
        List<Tile> tiles = new ArrayList<>();
        for (CellBits cell : data.cells()) {
            boolean all = cell.bucket() < 0;
            double from = all ? 0 : cell.bucket();
            double to = all ? buckets : cell.bucket() + 1;
            String nodes = all ? "all" : names.get(cell.bucket());
            tiles.add(new Tile(
                    "L" + cell.layer() + " " + cell.component(), nodes, from, to, (from + to) / 2, cell.bits()));
            table.row(cell.layer(), cell.component(), nodes, cell.bits());
        }
        return Figure.of(
                "bits",
                BITS,
                "Rows are the cells, layer by layer; darker is wider. "
                        + (buckets == 1
                                ? splits(data).isEmpty()
                                        ? "Every node has the same widths: there are no degree buckets."
                                        : "Every degree bucket took the same widths."
                                : "Columns are the degree buckets; a row in one piece has one width for all nodes."),
                table,
                new Figure.Chart(
                        "bits",
                        Map.of("cells", tiles),
                        Map.of(
                                "height",
                                30 * rows(tiles, Tile::cell),
                                "buckets",
                                buckets,
                                "bucketNames",
                                names,
                                "bucketCentres",
                                IntStream.range(0, buckets)
                                        .mapToObj(b -> b + 0.5)
                                        .toList(),
                                "bucketTitle",
                                buckets == 1 ? "" : "degree",
                                "bitColors",
                                BIT_COLORS)));
    }

    /** Distinct rows that a figure of one row per cell has. */
    private static <T> int rows(List<T> marks, Function<T, String> cell) {
        return (int) marks.stream().map(cell).distinct().count();
    }

    private static List<Integer> splits(ReportData data) {
        return data.degrees() == null ? List.of() : data.degrees().splits();
    }

    /** {@code up to 2}, {@code 3}, {@code 4 to 5}, {@code above 5}. */
    static List<String> bucketNames(List<Integer> splits) {
        List<String> names = new ArrayList<>();
        for (int b = 0; b < splits.size(); b++) {
            int from = b == 0 ? 0 : splits.get(b - 1) + 1;
            int to = splits.get(b);
            names.add(b == 0 ? "≤ " + to : from == to ? "" + to : from + "–" + to);
        }
        names.add(splits.isEmpty() ? "all nodes" : "> " + splits.getLast());
        return names;
    }

    private record Sweep(String cell, String sweep, double drop) {}

    static Figure sensitivity(ReportData data) {
        List<ReportData.Sensitivity> cells = data.sensitivity().stream()
                .sorted(Comparator.comparingDouble(
                        s -> s.onlyThisDrop() == null ? -s.allButThisDrop() : -s.onlyThisDrop()))
                .toList();
        if (cells.isEmpty()) {
            return Figure.empty(
                    "sensitivity",
                    SENSITIVITY,
                    "Not measured: give --sensitivity FILE, the JSON of a sensitivity sweep of this model.");
        }
        List<Sweep> sweeps = new ArrayList<>();
        HtmlTable table = new HtmlTable("cell", "bits", "only this cell, points", "all but this cell, points");
        for (ReportData.Sensitivity s : cells) {
            String name = s.cell() + " at " + s.bits();
            if (s.onlyThisDrop() != null) {
                sweeps.add(new Sweep(name, "only this cell quantized", s.onlyThisDrop()));
            }
            if (s.allButThisDrop() != null) {
                sweeps.add(new Sweep(name, "all but this cell quantized", s.allButThisDrop()));
            }
            table.row(s.cell(), new Written(s.bits().toString()), points(s.onlyThisDrop()), points(s.allButThisDrop()));
        }
        return Figure.of(
                "sensitivity",
                SENSITIVITY,
                "Longer bars lose more validation accuracy; cells are ordered by what they lose when they alone are"
                        + " quantized. A cell whose second bar is short is the one that hurts the rest.",
                table,
                new Figure.Chart(
                        "sensitivity",
                        Map.of("sensitivity", sweeps),
                        Map.of("height", 34 * rows(sweeps, Sweep::cell))));
    }

    private static Written points(Double drop) {
        return drop == null ? null : new Written(Amounts.format("%.2f", drop));
    }

    private record Bar(double left, double right, int count, String degree, String bucket, String bits) {}

    private record Border(double border) {}

    static Figure degrees(ReportData data) {
        if (data.degrees() == null) {
            return Figure.empty("degrees", DEGREES, "The degrees of the graph were not recorded.");
        }
        DegreeHistogram histogram = data.degrees().histogram();
        List<Integer> splits = data.degrees().splits();
        List<String> names = bucketNames(splits);
        HtmlTable table = new HtmlTable("degree", "nodes", "bucket", "bits");
        List<Bar> bars = new ArrayList<>();
        int isolated = 0;
        for (DegreeHistogram.Bin bin : histogram.bins()) {
            String degree = bin.from() == bin.to() ? "" + bin.from() : bin.from() + " to " + bin.to();
            Set<Integer> buckets =
                    new LinkedHashSet<>(List.of(bucketOf(bin.from(), splits), bucketOf(bin.to(), splits)));
            String bucket = buckets.stream().map(names::get).collect(Collectors.joining(", "));
            String bits = bits(data, buckets.iterator().next());
            table.row(degree, bin.count(), bucket, bits);
            if (bin.from() == 0) {
                isolated = bin.count();
            } else {
                bars.add(new Bar(
                        bin.from() - 0.5,
                        bin.to() + 0.5,
                        bin.count(),
                        degree,
                        names.get(bucketOf(bin.from(), splits)),
                        bits));
            }
        }
        String caption = Amounts.format(
                "%,d nodes and %,d edges; both axes are logarithmic, so a straight fall is a power law. ",
                histogram.nodes(), histogram.edges());
        if (isolated > 0) {
            caption += Amounts.format("%,d nodes without neighbours are not drawn. ", isolated);
        }
        caption += splits.isEmpty()
                ? "There are no degree buckets: every node has the same widths."
                : data.cells().stream().anyMatch(cell -> cell.bucket() >= 0)
                        ? "Dashed lines are the borders of the degree buckets, whose widths are " + widths(names, data)
                                + "."
                        : "Dashed lines are the borders of the degree buckets, which all took the same widths.";
        return Figure.of(
                "degrees",
                DEGREES,
                caption,
                table,
                new Figure.Chart(
                        "degrees",
                        Map.of(
                                "degrees",
                                bars,
                                "borders",
                                splits.stream().map(s -> new Border(s + 0.5)).toList()),
                        words(bars, splits.isEmpty() ? null : Map.of("direction", "horizontal"))));
    }

    private static int bucketOf(int degree, List<Integer> splits) {
        int b = 0;
        while (b < splits.size() && degree > splits.get(b)) {
            b++;
        }
        return b;
    }

    /** A legend may be null, which no {@link Map#of} takes. */
    private static Map<String, Object> words(List<Bar> bars, Object legend) {
        Map<String, Object> words = new HashMap<>();
        words.put("bucketLegend", legend);
        words.put(
                "degreeTicks",
                bars.isEmpty()
                        ? List.of()
                        : Ticks.log(
                                1, bars.stream().mapToDouble(Bar::right).max().orElseThrow()));
        words.put(
                "countTicks",
                bars.isEmpty()
                        ? List.of()
                        : Ticks.log(1, bars.stream().mapToInt(Bar::count).max().orElseThrow()));
        return words;
    }

    /** {@code L1.message=4 (≤ 2), L1.message=2 (> 2)}. */
    private static String widths(List<String> names, ReportData data) {
        return IntStream.range(0, names.size())
                .mapToObj(b -> bits(data, b) + " (degree " + names.get(b) + ")")
                .collect(Collectors.joining(", "));
    }

    /** Widths of the cells that have one per bucket. */
    private static String bits(ReportData data, int bucket) {
        return data.cells().stream()
                .filter(cell -> cell.bucket() == bucket)
                .map(cell -> "L" + cell.layer() + "." + cell.component() + "=" + cell.bits())
                .collect(Collectors.joining(" "));
    }

    private record Bounds(String cell, int bits, double min, double max, String scaleText, int count) {}

    static Figure ranges(ReportData data) {
        if (data.ranges().isEmpty()) {
            return Figure.empty(
                    "ranges",
                    RANGES,
                    "Ranges belong to a saved model: report on a folder that run or quantize -o made.");
        }
        List<String> names = bucketNames(splits(data));
        HtmlTable table = new HtmlTable("cell", "nodes", "bits", "least", "most", "scale", "scales");
        List<Bounds> bounds = new ArrayList<>();
        for (ReportData.Range r : data.ranges()) {
            String nodes = r.bucket() < 0 ? "all" : names.get(r.bucket());
            String scale = r.leastScale() == r.mostScale()
                    ? Amounts.plain(r.leastScale())
                    : Amounts.plain(r.leastScale()) + " to " + Amounts.plain(r.mostScale());
            String name = r.bucket() < 0 ? r.cell() : r.cell() + " (" + nodes + ")";
            bounds.add(new Bounds(name, r.bits(), r.min(), r.max(), scale, r.count()));
            table.row(
                    r.cell(),
                    nodes,
                    r.bits(),
                    new Written(Amounts.plain(r.min())),
                    new Written(Amounts.plain(r.max())),
                    new Written(scale),
                    r.count());
        }
        return Figure.of(
                "ranges",
                RANGES,
                "What the codes of each cell can hold; what lies outside is cut off. A bar much longer than the others has"
                        + " coarse steps for its small values.",
                table,
                new Figure.Chart(
                        "ranges",
                        Map.of("ranges", bounds),
                        Map.of(
                                "height",
                                26 * rows(bounds, Bounds::cell),
                                "constant",
                                least(bounds),
                                "ticks",
                                powers(bounds))));
    }

    /** Size of the smallest range, around which the axis is about linear. */
    private static double least(List<Bounds> bounds) {
        double least = bounds.stream()
                .mapToDouble(b -> Math.max(Math.abs(b.min()), Math.abs(b.max())))
                .filter(size -> size > 0)
                .min()
                .orElse(1);
        return least / 2;
    }

    /** 0 and the powers of ten on both sides that the ranges reach and the axis has room for. */
    private static List<Double> powers(List<Bounds> bounds) {
        double least = least(bounds);
        double low = bounds.stream().mapToDouble(Bounds::min).min().orElseThrow();
        double high = bounds.stream().mapToDouble(Bounds::max).max().orElseThrow();
        List<Double> ticks = new ArrayList<>(List.of(0.0));
        for (int exponent = (int) Math.ceil(Math.log10(least)); exponent <= 9; exponent++) {
            double power = Double.parseDouble("1e" + exponent);
            if (power <= high) {
                ticks.add(power);
            }
            if (-power >= low) {
                ticks.add(-power);
            }
        }
        return ticks;
    }
}
