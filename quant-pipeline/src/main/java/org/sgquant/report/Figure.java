package org.sgquant.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One figure of a report page, with the table of its data.
 *
 * @param id of the section, in the page's address as well
 * @param caption what to see, one or two sentences; where {@code charts} is empty, why there is nothing
 * @param charts drawn one below the other
 * @param table the data for those who read, null where there are none
 */
record Figure(String id, String title, String caption, List<Chart> charts, HtmlTable table) {

    /**
     * A Vega-Lite specification of the resource {@code ID.vl.json} and what is bound to it.
     *
     * @param data rows by the name of the data set
     * @param words what replaces {@code "@NAME@"}: texts, numbers, lists
     */
    record Chart(String id, Map<String, List<?>> data, Map<String, Object> words) {

        /** The specification with its data. */
        Object spec() {
            return VegaSpec.of(id, data, words);
        }
    }

    static Figure of(String id, String title, String caption, HtmlTable table, Chart... charts) {
        return new Figure(id, title, caption, List.of(charts), table);
    }

    static Figure empty(String id, String title, String why) {
        return new Figure(id, title, why, List.of(), null);
    }

    /** The figures of {@code data}, in the order of the page. */
    static List<Figure> all(ReportData data) {
        List<Figure> figures = new ArrayList<>(SearchFigures.of(data));
        figures.addAll(1, List.of(ModelFigures.bits(data), ModelFigures.sensitivity(data)));
        figures.add(ModelFigures.degrees(data));
        figures.add(ModelFigures.ranges(data));
        return List.copyOf(figures);
    }

    String html() {
        StringBuilder out = new StringBuilder();
        out.append("<section id=\"").append(id).append("\">\n<figure aria-labelledby=\"");
        out.append(id).append("-title\">\n<h2 id=\"").append(id).append("-title\">");
        out.append(HtmlTable.escape(title)).append("</h2>\n");
        out.append(charts.isEmpty() ? "<p class=\"empty\">" : "<figcaption>");
        out.append(HtmlTable.escape(caption)).append(charts.isEmpty() ? "</p>\n" : "</figcaption>\n");
        for (Chart chart : charts) {
            out.append("<div class=\"chart\" id=\"chart-").append(chart.id());
            out.append("\" role=\"img\" aria-label=\"").append(HtmlTable.escape(title + ". " + caption));
            out.append("\"></div>\n");
        }
        out.append("</figure>\n");
        if (table != null) {
            out.append("<details class=\"data\"><summary>The data as a table</summary>\n");
            out.append(table.html()).append("</details>\n");
        }
        return out.append("</section>\n").toString();
    }
}
