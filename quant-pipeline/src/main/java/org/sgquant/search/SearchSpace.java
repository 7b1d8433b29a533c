package org.sgquant.search;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.sgquant.tensor.BitWidth;

/**
 * Product of the bit widths that each cell may take; a configuration is one width per dimension, in this order, by its
 * {@link BitWidth#id}.
 *
 * @param dimensions at least one
 */
public record SearchSpace(List<Dimension> dimensions) {

    /** Up to this many configurations are listed one by one; larger spaces are sampled. */
    static final int LISTABLE = 20_000;

    /** A cell, which may end with a bucket in brackets, and its widths. */
    private static final Pattern DESCRIBED = Pattern.compile("(\\S+)=\\[([0-9em, ]+)\\]");

    /**
     * The widths of one cell.
     *
     * @param cell name of the cell, unique within the space
     * @param choices ids of at least one width, kept without repetition by ascending bits, integers before floats
     */
    public record Dimension(String cell, List<Integer> choices) {
        public Dimension {
            if (choices.isEmpty()) {
                throw new IllegalArgumentException("cell " + cell + " has no bit width to choose from");
            }
            Set<Integer> ordered = new TreeSet<>(Widths.ORDER);
            ordered.addAll(choices);
            choices = List.copyOf(ordered);
        }

        /** The place of the widest integer, of the widest float where there are only floats. */
        int widest() {
            int widest = choices.size() - 1;
            while (widest > 0 && Widths.isFloat(choices.get(widest))) {
                widest--;
            }
            return Widths.isFloat(choices.get(widest)) ? choices.size() - 1 : widest;
        }

        /** The place of the next choice of more bits that is an integer, or a float, as choice {@code c}; -1 if none is. */
        int wider(int c) {
            int wider = c + 1;
            while (wider < choices.size() && !isWider(choices.get(wider), choices.get(c))) {
                wider++;
            }
            return wider < choices.size() ? wider : -1;
        }

        private static boolean isWider(int id, int than) {
            return Widths.isFloat(id) == Widths.isFloat(than) && Widths.bits(id) > Widths.bits(than);
        }
    }

    public SearchSpace {
        dimensions = List.copyOf(dimensions);
        Set<String> cells = new HashSet<>();
        for (Dimension dimension : dimensions) {
            if (!cells.add(dimension.cell())) {
                throw new IllegalArgumentException("cell " + dimension.cell() + " appears twice in the search space");
            }
        }
        if (dimensions.isEmpty()) {
            throw new IllegalArgumentException("a search space needs at least one cell");
        }
    }

    /** Number of configurations, {@code Long.MAX_VALUE} if there are more. */
    public long size() {
        long size = 1;
        for (Dimension dimension : dimensions) {
            long high = Math.multiplyHigh(size, dimension.choices().size());
            size *= dimension.choices().size();
            if (high != 0 || size < 0) {
                return Long.MAX_VALUE;
            }
        }
        return size;
    }

    /** One line, {@code cell=[widths] cell=[widths] ...}. */
    String describe() {
        return dimensions.stream()
                .map(dimension -> dimension.cell() + "=[" + Widths.text(dimension.choices(), ", ") + "]")
                .collect(Collectors.joining(" "));
    }

    /** The space that {@link #describe} tells of. */
    static SearchSpace parse(String description) {
        List<Dimension> dimensions = new ArrayList<>();
        Matcher dimension = DESCRIBED.matcher(description);
        while (dimension.find()) {
            dimensions.add(new Dimension(dimension.group(1), Widths.parse(dimension.group(2), ", ")));
        }
        return new SearchSpace(dimensions);
    }

    /** A configuration as the width of each cell, in order. */
    Map<String, BitWidth> byCell(List<Integer> bits) {
        Map<String, BitWidth> widths = new LinkedHashMap<>();
        for (int i = 0; i < bits.size(); i++) {
            widths.put(dimensions.get(i).cell(), BitWidth.ofId(bits.get(i)));
        }
        return widths;
    }

    /** Whether the space is small enough to be listed one by one. */
    boolean isListable() {
        return size() <= LISTABLE;
    }

    public boolean contains(List<Integer> bits) {
        if (bits.size() != dimensions.size()) {
            return false;
        }
        for (int i = 0; i < bits.size(); i++) {
            if (!dimensions.get(i).choices().contains(bits.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** One configuration, each width uniform and independent. */
    public List<Integer> sample(RandomGenerator random) {
        List<Integer> bits = new ArrayList<>(dimensions.size());
        for (Dimension dimension : dimensions) {
            bits.add(dimension.choices().get(random.nextInt(dimension.choices().size())));
        }
        return List.copyOf(bits);
    }

    /**
     * Moves one cell one step down, and half of the time another one a step up or down: the moves of a coordinate
     * descent. Equals {@code bits} where the drawn moves leave the space.
     */
    public List<Integer> mutate(RandomGenerator random, List<Integer> bits) {
        List<Integer> changed = step(bits, random.nextInt(bits.size()), -1);
        return random.nextBoolean()
                ? changed
                : step(changed, random.nextInt(bits.size()), random.nextBoolean() ? 1 : -1);
    }

    /** {@code bits} with cell {@code i} moved by {@code steps} places in its choices, stopping at their ends. */
    List<Integer> step(List<Integer> bits, int i, int steps) {
        List<Integer> choices = dimensions.get(i).choices();
        int level = Math.clamp((long) choices.indexOf(bits.get(i)) + steps, 0, choices.size() - 1);
        List<Integer> changed = new ArrayList<>(bits);
        changed.set(i, choices.get(level));
        return List.copyOf(changed);
    }

    /** {@code bits} with cell {@code i} at its next wider integer where it is one, or float; the same where none is. */
    List<Integer> widen(List<Integer> bits, int i) {
        Dimension dimension = dimensions.get(i);
        int wider = dimension.wider(dimension.choices().indexOf(bits.get(i)));
        if (wider < 0) {
            return bits;
        }
        List<Integer> changed = new ArrayList<>(bits);
        changed.set(i, dimension.choices().get(wider));
        return List.copyOf(changed);
    }

    /** Every cell at its widest integer, or float where it has no integers. */
    public List<Integer> widest() {
        return dimensions.stream()
                .map(dimension -> dimension.choices().get(dimension.widest()))
                .toList();
    }

    /** Every width of any cell, ascending; a cell that lacks the width takes the next one in order, else its last. */
    public List<List<Integer>> uniform() {
        Set<Integer> widths = new TreeSet<>(Widths.ORDER);
        dimensions.forEach(dimension -> widths.addAll(dimension.choices()));
        return widths.stream()
                .map(width -> dimensions.stream()
                        .map(dimension -> dimension.choices().stream()
                                .filter(choice -> Widths.ORDER.compare(choice, width) >= 0)
                                .findFirst()
                                .orElseGet(() -> dimension.choices().getLast()))
                        .toList())
                .distinct()
                .toList();
    }

    /**
     * Up to {@code count} distinct configurations outside {@code seen} that {@code fits} takes: uniform, and all of them
     * if they are so few; in a space too large to be listed, one that does not fit is narrowed, cell by cell at random,
     * until it does.
     */
    List<List<Integer>> unseen(
            RandomGenerator random, int count, Set<List<Integer>> seen, Predicate<List<Integer>> fits) {
        Set<List<Integer>> taken = new HashSet<>(seen);
        List<List<Integer>> fresh = new ArrayList<>();
        if (isListable()) {
            List<List<Integer>> all = list();
            for (int i = 0; i < all.size() && fresh.size() < count; i++) {
                int j = random.nextInt(i, all.size());
                List<Integer> bits = all.get(j);
                all.set(j, all.get(i));
                if (fits.test(bits) && taken.add(bits)) {
                    fresh.add(bits);
                }
            }
            return fresh;
        }
        // The space is at least several times larger than what a search can measure, so few draws are repetitions.
        for (long draw = 0; draw < 10L * count && fresh.size() < count; draw++) {
            List<Integer> bits = narrowed(random, sample(random), fits);
            if (fits.test(bits) && taken.add(bits)) {
                fresh.add(bits);
            }
        }
        return fresh;
    }

    /** {@code bits} with cells drawn at random a step narrower until it fits, or none can be. */
    private List<Integer> narrowed(RandomGenerator random, List<Integer> bits, Predicate<List<Integer>> fits) {
        List<Integer> now = bits;
        List<Integer> cells = new ArrayList<>();
        for (int i = 0; i < bits.size(); i++) {
            cells.add(i);
        }
        while (!cells.isEmpty() && !fits.test(now)) {
            int place = random.nextInt(cells.size());
            List<Integer> narrower = step(now, cells.get(place), -1);
            if (narrower.equals(now)) {
                cells.subList(place, place + 1).clear();
            }
            now = narrower;
        }
        return now;
    }

    List<List<Integer>> list() {
        List<List<Integer>> all = new ArrayList<>();
        all.add(List.of());
        for (Dimension dimension : dimensions) {
            List<List<Integer>> longer =
                    new ArrayList<>(all.size() * dimension.choices().size());
            for (List<Integer> prefix : all) {
                for (int choice : dimension.choices()) {
                    List<Integer> bits = new ArrayList<>(prefix);
                    bits.add(choice);
                    longer.add(List.copyOf(bits));
                }
            }
            all = longer;
        }
        return new ArrayList<>(all);
    }
}
