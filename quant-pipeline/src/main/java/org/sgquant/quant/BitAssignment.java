package org.sgquant.quant;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.sgquant.tensor.BitWidth;

/**
 * Widths of all cells: SGQuant's uniform, layer-wise, component-wise and topology-aware granularity and their mixes.
 *
 * <p>Widths are the names of {@link BitWidth}: {@code 4}, {@code e4m3}. Written as words separated by blanks: {@code 4} (every cell), {@code L1=4} (a layer), {@code message=4} (a
 * component), {@code L1.message=4} (a cell); a value {@code [4,2,2,1]} gives one width per degree bucket, whose borders
 * follow as {@code @deg(2,3,5)} or {@code @quartiles}. A later word overrides an earlier one; a cell that no word
 * names stays at 32 bits.
 */
public final class BitAssignment {

    private static final String WIDTH = "(?:\\d+|e\\d+m\\d+)";
    private static final Pattern WORD =
            Pattern.compile("(?:([A-Za-z0-9.]+)=)?(" + WIDTH + "|\\[(?:" + WIDTH + "|,)*\\])");
    private static final Pattern SPLITS = Pattern.compile("@deg\\(([0-9]+(?:,[0-9]+)*)\\)");

    private final Map<Cell, List<BitWidth>> widths;
    private final DegreeBuckets buckets;

    private BitAssignment(Map<Cell, List<BitWidth>> widths, DegreeBuckets buckets) {
        this.widths = widths;
        this.buckets = buckets;
    }

    /** Assignment of explicit widths, one or one per bucket for each cell. */
    public static BitAssignment of(Map<Cell, List<BitWidth>> widths, DegreeBuckets buckets) {
        Map<Cell, List<BitWidth>> checked = new TreeMap<>();
        widths.forEach((cell, list) -> checked.put(cell, checkWidths(cell, list, buckets)));
        return new BitAssignment(checked, buckets);
    }

    /**
     * Parses {@code text} for a model of {@code cells} on a graph of {@code degrees} (used by {@code @quartiles}).
     *
     * @throws IllegalArgumentException with one sentence naming the word that is wrong
     */
    public static BitAssignment parse(String text, Collection<Cell> cells, int[] degrees) {
        DegreeBuckets buckets = DegreeBuckets.NONE;
        Map<String, List<BitWidth>> rules = new LinkedHashMap<>();
        for (String word : text.strip().split("\\s+")) {
            if (word.startsWith("@")) {
                buckets = parseBuckets(word, degrees);
                continue;
            }
            Matcher m = WORD.matcher(word);
            if (!m.matches()) {
                throw new IllegalArgumentException("bits '" + text + "': '" + word
                        + "' is not of the form 4, L1=4, message=4, L1.message=4, L1.message=[4,2,2,1] or @deg(2,3,5)");
            }
            String key = m.group(1) == null ? "" : m.group(1);
            if (rules.putIfAbsent(key, parseWidths(m.group(2))) != null) {
                throw new IllegalArgumentException(
                        "bits '" + text + "': '" + (key.isEmpty() ? word : key) + "' is given twice");
            }
        }
        Map<Cell, List<BitWidth>> widths = new LinkedHashMap<>();
        for (Map.Entry<String, List<BitWidth>> rule : rules.entrySet()) {
            List<Cell> matching =
                    cells.stream().filter(c -> matches(rule.getKey(), c)).toList();
            if (matching.isEmpty()) {
                throw new IllegalArgumentException("bits '" + text + "': '" + rule.getKey()
                        + "' names no cell of this model, which has "
                        + cells.stream().sorted().map(Cell::toString).collect(Collectors.joining(" ")));
            }
            matching.forEach(c -> widths.put(c, rule.getValue()));
        }
        cells.forEach(c -> widths.putIfAbsent(c, List.of(BitWidth.FP32)));
        return of(widths, buckets);
    }

    private static boolean matches(String key, Cell cell) {
        return key.isEmpty()
                || key.equals(cell.toString())
                || key.equals("L" + cell.layer())
                || key.equals(cell.component().toString());
    }

    private static List<BitWidth> parseWidths(String value) {
        String list = value.startsWith("[") ? value.substring(1, value.length() - 1) : value;
        if (list.isEmpty()) {
            throw new IllegalArgumentException("bits '[]': a list of widths must not be empty");
        }
        String[] names = list.split(",", -1);
        if (Arrays.asList(names).contains("")) {
            throw new IllegalArgumentException("bits '" + value + "': a width is missing");
        }
        return Arrays.stream(names).map(BitWidth::of).toList();
    }

    private static DegreeBuckets parseBuckets(String word, int[] degrees) {
        if (word.equals("@quartiles")) {
            return DegreeBuckets.quartiles(degrees);
        }
        Matcher m = SPLITS.matcher(word);
        if (!m.matches()) {
            throw new IllegalArgumentException(
                    "degree splits '" + word + "' are not of the form @deg(2,3,5) or @quartiles");
        }
        try {
            return new DegreeBuckets(Arrays.stream(m.group(1).split(","))
                    .mapToInt(Integer::parseInt)
                    .toArray());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("degree splits '" + word + "' hold a number that is no degree", e);
        }
    }

    private static List<BitWidth> checkWidths(Cell cell, List<BitWidth> list, DegreeBuckets buckets) {
        if (!list.stream().allMatch(cell.component()::takes)) {
            throw new IllegalArgumentException("bits of " + cell + ": attention and edge weights are integers that are"
                    + " summed, give an integer width or 32 instead of " + bits(list));
        }
        if (list.size() == 1) {
            return list;
        }
        if (!cell.component().hasBuckets()) {
            throw new IllegalArgumentException(
                    "bits of " + cell + ": weights have no degree buckets, give one width instead of " + bits(list));
        }
        if (list.size() != buckets.count()) {
            throw new IllegalArgumentException("bits of " + cell + ": got " + list.size() + " widths " + bits(list)
                    + " for " + buckets.count() + " degree buckets"
                    + (buckets.count() == 1 ? "; give the borders as @deg(2,3,5) or @quartiles" : ""));
        }
        return new ArrayList<>(list).stream().distinct().count() == 1 ? List.of(list.get(0)) : List.copyOf(list);
    }

    /** The same widths, one per cell, over the degree buckets {@code classes}; this has no buckets. */
    public BitAssignment withBuckets(DegreeBuckets classes) {
        if (buckets.count() > 1) {
            throw new IllegalArgumentException("bits '" + this + "' have degree buckets already");
        }
        return of(widths, classes);
    }

    /**
     * The same with {@code width} ({@code 8}, or {@code [8,4]} for degree buckets) for the cells whose name {@code glob}
     * matches: {@code *} stands for any letters, {@code ?} for one.
     */
    public BitAssignment with(String glob, String width) {
        Pattern names =
                Pattern.compile(Pattern.quote(glob).replace("*", "\\E.*\\Q").replace("?", "\\E.\\Q"));
        Matcher word = WORD.matcher(width);
        if (!word.matches() || word.group(1) != null) {
            throw new IllegalArgumentException(
                    "bits of '" + glob + "': '" + width + "' is not of the form 8 or [8,4,4,2]");
        }
        Map<Cell, List<BitWidth>> changed = new TreeMap<>(widths);
        changed.replaceAll((cell, old) -> names.matcher(cell.toString()).matches() ? parseWidths(word.group(2)) : old);
        if (widths.keySet().stream().noneMatch(c -> names.matcher(c.toString()).matches())) {
            throw new IllegalArgumentException("'" + glob + "' matches no cell of this model, which has "
                    + widths.keySet().stream().map(Cell::toString).collect(Collectors.joining(" ")));
        }
        return of(changed, buckets);
    }

    /** Widths of {@code cell}, one per bucket; 32 for a cell that was never named. Weights have a single width. */
    public List<BitWidth> widths(Cell cell) {
        List<BitWidth> list = widths.getOrDefault(cell, List.of(BitWidth.FP32));
        int n = cell.component().hasBuckets() ? buckets.count() : 1;
        return list.size() == n ? list : java.util.Collections.nCopies(n, list.get(0));
    }

    /** Whether every bucket of {@code cell} is 32 bits. */
    public boolean isFp32(Cell cell) {
        return widths(cell).stream().noneMatch(BitWidth::isPacked);
    }

    /** Whether every bucket of {@code cell} is stored as integers, whose sums are integers. */
    public boolean isInteger(Cell cell) {
        return widths(cell).stream().allMatch(BitWidth::isInteger);
    }

    /** Whether every bucket of {@code cell} is stored as codes. */
    public boolean isPacked(Cell cell) {
        return widths(cell).stream().allMatch(BitWidth::isPacked);
    }

    public DegreeBuckets buckets() {
        return buckets;
    }

    private static String bits(List<BitWidth> list) {
        return list.size() == 1
                ? list.get(0).toString()
                : list.stream().map(BitWidth::toString).collect(Collectors.joining(",", "[", "]"));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BitAssignment that && toString().equals(that.toString());
    }

    @Override
    public int hashCode() {
        return toString().hashCode();
    }

    /** The canonical text: every cell that is not 32 bits, then the splits; parses back to an equal assignment. */
    @Override
    public String toString() {
        String cells = widths.entrySet().stream()
                .filter(e -> !isFp32(e.getKey()))
                .map(e -> e.getKey() + "=" + bits(e.getValue()))
                .collect(Collectors.joining(" "));
        String text = cells.isEmpty() ? "32" : cells;
        return buckets.count() == 1 ? text : text + " @" + buckets;
    }
}
