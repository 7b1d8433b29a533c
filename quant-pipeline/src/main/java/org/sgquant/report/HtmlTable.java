package org.sgquant.report;

import java.util.ArrayList;
import java.util.List;

/** A table of a report page: a head, and rows whose first cell names them. */
final class HtmlTable {

    private final List<String> head;
    private final List<Row> rows = new ArrayList<>();

    private record Row(List<?> cells, boolean marked) {}

    HtmlTable(String... head) {
        this.head = List.of(head);
    }

    /** Adds a row of texts, and of {@link Number}s, which stand right; null is what was not measured. */
    HtmlTable row(Object... cells) {
        return markedRow(false, cells);
    }

    /** The same, set off from the others where {@code marked}. */
    HtmlTable markedRow(boolean marked, Object... cells) {
        if (cells.length != head.size()) {
            throw new IllegalArgumentException(cells.length + " cells for the columns " + head);
        }
        rows.add(new Row(java.util.Arrays.asList(cells), marked));
        return this;
    }

    /** A number as it is to be read, set like one. */
    record Written(String text) {}

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    String html() {
        StringBuilder out = new StringBuilder("<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>");
        for (int c = 0; c < head.size(); c++) {
            out.append(isNumber(c) ? "<th scope=\"col\" class=\"number\">" : "<th scope=\"col\">")
                    .append(escape(head.get(c)))
                    .append("</th>");
        }
        out.append("</tr></thead>\n<tbody>\n");
        for (Row row : rows) {
            out.append(row.marked() ? "<tr class=\"chosen\">" : "<tr>");
            row.cells().forEach(cell -> out.append(cell(cell)));
            out.append("</tr>\n");
        }
        return out.append("</tbody></table></div>\n").toString();
    }

    private boolean isNumber(int column) {
        return rows.stream()
                .map(row -> row.cells().get(column))
                .anyMatch(cell -> cell instanceof Number || cell instanceof Written);
    }

    private static String cell(Object cell) {
        return switch (cell) {
            case null -> "<td class=\"missing\">not measured</td>";
            case Written number -> "<td class=\"number\">" + escape(number.text()) + "</td>";
            case Number number -> "<td class=\"number\">" + number + "</td>";
            default -> "<td>" + escape(cell.toString()) + "</td>";
        };
    }
}
