package org.sgquant.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * Reads lines of integers apart by comma, semicolon or blanks; {@code #} starts a comment, a first line of words is a
 * header.
 */
final class CsvReader {

    private static final Pattern SEPARATOR = Pattern.compile("\\s*[,;]\\s*|\\s+");
    private static final Pattern INTEGER = Pattern.compile("[+-]?[0-9]{1,10}");

    private final Path path;
    private final int maxColumns;
    private int[] values = new int[1 << 10];
    private int[] lines = new int[1 << 10];
    private int size;
    private int columns;

    private CsvReader(Path path, int maxColumns) {
        this.path = path;
        this.maxColumns = maxColumns;
    }

    /** {@code src,dst} per line. */
    static EdgeList edges(Path path, int nodes) {
        CsvReader csv = new CsvReader(path, 2).read();
        if (csv.columns == 1) {
            throw csv.error(csv.lines[0], "1 value", "src,dst");
        }
        for (int i = 0; i < csv.size; i++) {
            if (csv.values[i] < 0 || csv.values[i] >= nodes) {
                throw csv.error(csv.lines[i], "node " + csv.values[i], "0.." + (nodes - 1));
            }
        }
        return EdgeList.ofPairs(nodes, Arrays.copyOf(csv.values, csv.size), true);
    }

    /** {@code label} per line in node order, or {@code node,label} in any order; nodes not listed are unlabelled. */
    static int[] labels(Path path, int nodes) {
        CsvReader csv = new CsvReader(path, 2).read();
        if (csv.columns < 2) {
            return Arrays.copyOf(csv.values, csv.size);
        }
        int[] labels = new int[nodes];
        Arrays.fill(labels, -1);
        boolean[] seen = new boolean[nodes];
        for (int i = 0; i < csv.size; i += 2) {
            int node = csv.values[i];
            if (node < 0 || node >= nodes || seen[node]) {
                throw csv.error(csv.lines[i], "node " + node, "each of 0.." + (nodes - 1) + " once");
            }
            seen[node] = true;
            labels[node] = csv.values[i + 1];
        }
        return labels;
    }

    private CsvReader read() {
        try (BufferedReader in = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            if (Files.size(path) > NpyReader.maxArrayBytes()) {
                throw new FormatException(
                        path.toString(), "file", Files.size(path) + " bytes", "at most " + NpyReader.maxArrayBytes());
            }
            int line = 0;
            boolean first = true;
            for (String text = in.readLine(); text != null; text = in.readLine()) {
                line++;
                int comment = text.indexOf('#');
                String content = (comment < 0 ? text : text.substring(0, comment)).strip();
                if (!content.isEmpty()) {
                    add(content, line, first);
                    first = false;
                }
            }
        } catch (IOException e) {
            throw FormatException.unreadable(path, "a readable csv file in UTF-8", e);
        }
        return this;
    }

    private void add(String content, int line, boolean first) {
        String[] fields = SEPARATOR.split(content, -1);
        if (first
                && Arrays.stream(fields)
                        .noneMatch(field -> INTEGER.matcher(field).matches())) {
            return;
        }
        int expected = columns == 0 ? Math.min(fields.length, maxColumns) : columns;
        if (fields.length != expected) {
            throw error(line, fields.length + " values", Integer.toString(expected));
        }
        columns = expected;
        for (String field : fields) {
            if (!INTEGER.matcher(field).matches() || Math.abs(Long.parseLong(field)) > Integer.MAX_VALUE) {
                String shown = field.length() > 40 ? field.substring(0, 40) + "..." : field;
                throw error(line, "'" + shown + "'", "an integer");
            }
            if (size == values.length) {
                values = Arrays.copyOf(values, 2 * size);
                lines = Arrays.copyOf(lines, 2 * size);
            }
            lines[size] = line;
            values[size++] = Integer.parseInt(field);
        }
    }

    private FormatException error(int line, String got, String expected) {
        return new FormatException(path.toString(), "line " + line, got, expected);
    }
}
