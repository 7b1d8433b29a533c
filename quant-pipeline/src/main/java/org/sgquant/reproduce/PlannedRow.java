package org.sgquant.reproduce;

import java.util.List;
import java.util.stream.LongStream;
import org.sgquant.experiment.Recipe;
import org.sgquant.kernels.TrainingLibraries;
import org.sgquant.quant.BitAssignment;

/**
 * A row of a table with what it needs to be run; rows with equal {@code recipe().dataset()} share the subject.
 *
 * @param chosen whether it is to be run; else it is shown as far as the ledger has it
 * @param subject null where it is not at hand, which is no error in a row that is not chosen
 * @param bits null for the fp32 result alone, and where the dataset is not at hand
 */
record PlannedRow(Table.Row row, Recipe recipe, boolean chosen, Subject subject, BitAssignment bits) {

    /** Work of one seed: the fp32 training it starts from, and the packed model, each under its key. */
    record Unit(PlannedRow row, long seed, String key, String trainingKey) {
        String label() {
            return row.row().name() + ", seed " + seed;
        }

        /** The training that several rows may share. */
        String trainingLabel() {
            return row.subject().name() + ", " + row.recipe().model().name() + ", fp32, seed " + seed;
        }
    }

    /** The work of {@code seeds} seeds from the first on, trained with {@code libraries}; none without a dataset. */
    List<Unit> units(long firstSeed, int seeds, TrainingLibraries libraries) {
        if (subject == null) {
            return List.of();
        }
        return LongStream.range(firstSeed, firstSeed + seeds)
                .mapToObj(seed -> unit(seed, libraries))
                .toList();
    }

    private Unit unit(long seed, TrainingLibraries libraries) {
        Recipe seeded = recipe.withBits(bits == null ? "32" : bits.toString(), seed);
        String trainingKey = Recipes.trainingKey(seeded, subject.fingerprint(), libraries);
        String key = bits == null ? trainingKey : Recipes.key(seeded, subject.fingerprint(), libraries);
        return new Unit(this, seed, key, trainingKey);
    }
}
