package org.sgquant.reproduce;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.sgquant.data.FormatException;
import org.sgquant.data.NoSuchDatasetException;
import org.sgquant.experiment.Recipe;
import org.sgquant.kernels.TrainingLibraries;
import org.sgquant.model.ModelConfig;
import org.sgquant.quant.BitAssignment;

/** The rows of a table with their recipes, bits and datasets, all checked before anything is trained. */
public final class Plan implements AutoCloseable {

    private final Tables.Named table;
    private final TrainingLibraries libraries;
    private final long firstSeed;
    private final int seeds;
    private final List<PlannedRow> rows = new ArrayList<>();
    private final Map<Recipe.Data, Subject> subjects = new HashMap<>();

    /**
     * Plans {@code seeds} seeds of every row; those whose name contains one of {@code only}, or all that are not optional, are
     * to be run.
     *
     * @param base recipe of the command line's defaults for a model of that name, or for the default one given null
     * @param libraries what trains: part of what decides a result
     * @param isThere whether a dataset can be opened without asking anybody
     * @param open opens it
     */
    public Plan(
            Tables.Named table,
            Function<String, Recipe> base,
            List<String> only,
            TrainingLibraries libraries,
            long firstSeed,
            int seeds,
            Predicate<Recipe.Data> isThere,
            Function<Recipe.Data, Subject> open) {
        this.table = table;
        this.libraries = libraries;
        this.firstSeed = firstSeed;
        this.seeds = seeds;
        try {
            for (Table.Row row : table.table().rows()) {
                rows.add(plan(row, Recipes.of(table, row, base), isChosen(row, only), isThere, open));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        if (rows.stream().noneMatch(PlannedRow::chosen)) {
            close();
            throw new IllegalArgumentException("--only " + String.join(" --only ", only) + " names no row of "
                    + table.source() + ", which has "
                    + rows.stream().map(r -> "'" + r.row().name() + "'").collect(Collectors.joining(", ")));
        }
    }

    private static boolean isChosen(Table.Row row, List<String> only) {
        String name = row.name().toLowerCase(Locale.ROOT);
        return only.isEmpty()
                ? !row.optional()
                : only.stream().anyMatch(o -> name.contains(o.toLowerCase(Locale.ROOT)));
    }

    private PlannedRow plan(
            Table.Row row,
            Recipe recipe,
            boolean chosen,
            Predicate<Recipe.Data> isThere,
            Function<Recipe.Data, Subject> open) {
        Subject subject = subjects.get(recipe.dataset());
        try {
            recipe.check();
            ModelConfig model = recipe.model().config();
            if (subject == null && (chosen || isThere.test(recipe.dataset()))) {
                subject = open.apply(recipe.dataset());
                subjects.put(recipe.dataset(), subject);
            }
            if (subject != null && firstSeed + seeds > subject.seeds()) {
                throw new IllegalArgumentException(subject.name() + " has " + subject.seeds()
                        + " folds, asked for were seeds " + firstSeed + " to " + (firstSeed + seeds - 1));
            }
            if (subject != null) {
                subject.check(recipe);
            }
            BitAssignment bits = subject == null || row.bits() == null ? null : subject.parse(model, row.bits());
            return new PlannedRow(row, recipe, chosen, subject, bits);
        } catch (NoSuchDatasetException e) {
            throw new NoSuchDatasetException("row '" + row.name() + "': " + e.getMessage());
        } catch (IllegalArgumentException e) {
            throw new FormatException(table.source() + ": row '" + row.name() + "': " + e.getMessage());
        }
    }

    Tables.Named table() {
        return table;
    }

    long firstSeed() {
        return firstSeed;
    }

    int seeds() {
        return seeds;
    }

    List<PlannedRow> rows() {
        return rows;
    }

    /** The work of every seed of {@code row}. */
    List<PlannedRow.Unit> units(PlannedRow row) {
        return row.units(firstSeed, seeds, libraries);
    }

    /** Work of the rows to be run, by dataset: rows that share one follow one another. */
    List<List<PlannedRow.Unit>> groups() {
        Map<Recipe.Data, List<PlannedRow.Unit>> groups = new LinkedHashMap<>();
        rows.stream()
                .filter(PlannedRow::chosen)
                .forEach(row -> groups.computeIfAbsent(row.recipe().dataset(), d -> new ArrayList<>())
                        .addAll(units(row)));
        return List.copyOf(groups.values());
    }

    /** Units of the rows to be run that have no result in {@code ledger} yet, or not that of their fp32 training. */
    public int missing(Ledger ledger) {
        return (int) groups().stream()
                .flatMap(List::stream)
                .filter(unit -> !ledger.has(unit.key()) || !ledger.has(unit.trainingKey()))
                .count();
    }

    @Override
    public void close() {
        subjects.values().forEach(Subject::close);
    }
}
