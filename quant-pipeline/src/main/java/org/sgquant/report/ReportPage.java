package org.sgquant.report;

import static org.sgquant.report.HtmlTable.escape;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A report as one HTML file: text, tables, and figures drawn by Vega-Lite, whose scripts are in the file. It asks the
 * network for nothing, and its Content-Security-Policy has the browser refuse what would.
 */
public final class ReportPage {

    private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");

    private ReportPage() {}

    /** Writes the page of {@code data}, made by {@code version} of sgquant. */
    public static void write(Path file, ReportData data, String version) {
        try {
            Files.writeString(file, html(data, version));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    file + ": the report cannot be written (" + e.getClass().getSimpleName() + ")", e);
        }
    }

    static String html(ReportData data, String version) {
        List<Figure> figures = Figure.all(data);
        PageResources.Library vega = PageResources.library("vega");
        PageResources.Library vegaLite = PageResources.library("vega-lite");
        PageResources.Library vegaEmbed = PageResources.library("vega-embed");
        Map<String, String> parts = new LinkedHashMap<>();
        parts.put("title", escape(data.title()));
        parts.put("summary", summary(data));
        parts.put("sections", figures.stream().map(Figure::html).collect(Collectors.joining()) + origin(data));
        parts.put("version", escape(version));
        parts.put("style", PageResources.text("page.css"));
        parts.put("script", PageResources.text("page.js"));
        parts.put("vega", vega.version());
        parts.put("vegaLite", vegaLite.version());
        parts.put("vegaEmbed", vegaEmbed.version());
        parts.put(
                "libraries",
                Stream.of(vega, vegaLite, vegaEmbed)
                        .map(library -> inScript(library.text()))
                        .collect(Collectors.joining("\n")));
        // In a script element '<' could end it; in JSON it may be written by its number.
        parts.put("figures", Json.write(charts(figures)).replace("<", "\\u003c"));
        return PLACE.matcher(PageResources.text("page.html"))
                .replaceAll(place -> Matcher.quoteReplacement(parts.get(place.group(1))));
    }

    /** Script text that cannot end its element; the backslashes mean nothing in strings and patterns. */
    private static String inScript(String script) {
        return script.replace("</script", "<\\/script").replace("<!--", "<\\!--");
    }

    private record Drawing(String id, Object spec) {}

    private static List<Drawing> charts(List<Figure> figures) {
        return figures.stream()
                .flatMap(figure -> figure.charts().stream())
                .map(chart -> new Drawing("chart-" + chart.id(), chart.spec()))
                .toList();
    }

    private static String summary(ReportData data) {
        StringBuilder out = new StringBuilder();
        if (data.bits() != null) {
            out.append("<p class=\"bits\">Chosen bits: <code>")
                    .append(escape(data.bits()))
                    .append("</code></p>\n");
        }
        out.append("<section id=\"headline\" class=\"headline\">\n<div class=\"scroll\" tabindex=\"0\"><table>\n");
        out.append("<thead><tr><td></td><th scope=\"col\" class=\"number\">fp32</th>")
                .append("<th scope=\"col\" class=\"number\">chosen</th>")
                .append("<th scope=\"col\" class=\"number\">change</th></tr></thead>\n<tbody>\n");
        for (ReportData.Quantity q : data.headline()) {
            out.append("<tr><th scope=\"row\">").append(escape(q.name()));
            if (q.note() != null) {
                out.append("<small>").append(escape(q.note())).append("</small>");
            }
            out.append("</th>").append(value(q, q.fp32())).append(value(q, q.chosen()));
            out.append("<td class=\"number\">").append(change(q)).append("</td></tr>\n");
        }
        return out.append("</tbody></table></div>\n</section>\n").toString();
    }

    private static String value(ReportData.Quantity quantity, ReportData.Value value) {
        if (value == null) {
            return "<td class=\"number missing\">not measured</td>";
        }
        String text = switch (quantity.unit()) {
            case PERCENT ->
                value.std() == null
                        ? Amounts.format("%.2f %%", value.mean())
                        : Amounts.format("%.2f ± %.2f %%", value.mean(), value.std());
            case BYTES -> Amounts.bytes(Math.round(value.mean()));
            case SECONDS -> Amounts.seconds(value.mean());
        };
        return "<td class=\"number\">" + text + "</td>";
    }

    private static String change(ReportData.Quantity q) {
        if (q.fp32() == null || q.chosen() == null) {
            return "";
        }
        double before = q.fp32().mean();
        double after = q.chosen().mean();
        return switch (q.unit()) {
            case PERCENT -> Amounts.format("%+.2f points", after - before);
            case BYTES -> Amounts.format("%.1f× smaller", before / after);
            case SECONDS ->
                after <= before
                        ? Amounts.format("%.2f× faster", before / after)
                        : Amounts.format("%.2f× slower", after / before);
        };
    }

    private static String origin(ReportData data) {
        StringBuilder out = new StringBuilder("<section id=\"origin\">\n<h2>Where it comes from</h2>\n");
        HtmlTable table = new HtmlTable("what", "value");
        data.environment().forEach(table::row);
        out.append("<div class=\"environment\">\n").append(table.html()).append("</div>\n");
        if (data.commands().isEmpty()) {
            out.append("<p class=\"empty\">The command that made this was not recorded.</p>\n");
        } else {
            out.append("<p>Made again by</p>\n");
            data.commands()
                    .forEach(command ->
                            out.append("<pre><code>").append(escape(command)).append("</code></pre>\n"));
        }
        return out.append("</section>\n").toString();
    }
}
