package org.sgquant.reproduce;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.sgquant.data.FormatException;
import org.sgquant.experiment.ModelSettings;
import org.sgquant.experiment.Recipe;
import org.sgquant.kernels.TrainingLibraries;
import org.sgquant.report.Json;
import org.sgquant.train.Objective;

/** Recipes of a table's rows, and the keys of the results they decide. */
final class Recipes {

    /** Counted up whenever sgquant gives other results for the same recipe: what a ledger holds is then made anew. */
    private static final int RESULTS = 4;

    /** Parts of a recipe that the table itself decides. */
    private static final List<String> GIVEN = List.of("bits", "seed", "search");

    /** Parts of a recipe that decide only what comes after fp32 training. */
    private static final List<String> AFTER_TRAINING = List.of("fineTune", "quantization", "qat", "storage", "bits");

    /** Parts of its {@code objective} that do. */
    private static final List<String> DISTILLATION = List.of("distillWeight", "distillTemperature");

    private Recipes() {}

    /** The recipe of {@code row}: {@code base} of its model, overridden by the table and by the row. */
    static Recipe of(Tables.Named named, Table.Row row, Function<String, Recipe> base) {
        Table table = named.table();
        String place = "row '" + row.name() + "'";
        ObjectNode changes = JsonNodeFactory.instance.objectNode();
        for (ObjectNode more : Arrays.asList(
                table.defaults(), row.recipe() == null ? null : table.recipes().get(row.recipe()), row.with())) {
            if (more != null) {
                refuseGiven(named.source(), place, more);
                Json.override(changes, more);
            }
        }
        try {
            ObjectNode tree = Json.tree(base.apply(changes.at("/model/name").textValue()));
            Json.override(tree, changes);
            return Json.convert(named.source(), place, tree, Recipe.class)
                    .withBits(row.bits() == null ? "32" : row.bits(), 0);
        } catch (IllegalArgumentException e) {
            throw new FormatException(named.source() + ": " + place + ": " + e.getMessage());
        }
    }

    private static void refuseGiven(String source, String place, ObjectNode changes) {
        for (String key : GIVEN) {
            if (changes.has(key)) {
                throw new FormatException(
                        source, place, "the key '" + key + "' in its recipe", "none: it is not part of one here");
            }
        }
    }

    /** SHA-256 of all that decides the packed result; {@code recipe} has its bits in canonical form and its seed. */
    static String key(Recipe recipe, String fingerprint, TrainingLibraries libraries) {
        return hash("packed", tree(recipe), fingerprint, libraries);
    }

    /** SHA-256 of all that decides the fp32 training. */
    static String trainingKey(Recipe recipe, String fingerprint, TrainingLibraries libraries) {
        ObjectNode tree = tree(recipe);
        tree.remove(AFTER_TRAINING);
        if (tree.get("objective") instanceof ObjectNode objective) {
            objective.remove(DISTILLATION);
            if (recipe.trainingObjective().withoutDistillation().equals(Objective.PLAIN)) {
                tree.remove("objective");
            }
        }
        return hash("fp32", tree, fingerprint, libraries);
    }

    /**
     * The dataset goes in as its fingerprint: where its files lie decides nothing. The model lists every setting; how
     * whole graphs are taken is there where it is not as usual.
     */
    private static ObjectNode tree(Recipe recipe) {
        ObjectNode tree = Json.tree(recipe);
        tree.remove("dataset");
        tree.set("model", Json.tree(ModelSettings.of(recipe.model().config())));
        tree.remove("graphs");
        if (!recipe.wholeGraphs().equals(Recipe.Graphs.DEFAULT)) {
            tree.set("graphs", Json.tree(recipe.wholeGraphs()));
        }
        return tree;
    }

    /** Libraries go in where there are any: what a ledger has of our own kernels stays valid. */
    private static String hash(String kind, ObjectNode tree, String fingerprint, TrainingLibraries libraries) {
        String text = String.join(
                "\n", kind, String.valueOf(RESULTS), fingerprint, sorted(tree).toString());
        if (!libraries.equals(TrainingLibraries.NONE)) {
            text += "\n" + libraries.dense() + "/" + libraries.sparse();
        }
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Keys in order, those that are null left out: a section that is off is as if it did not exist. */
    private static JsonNode sorted(JsonNode node) {
        if (!(node instanceof ObjectNode object)) {
            return node;
        }
        Map<String, JsonNode> entries = new TreeMap<>();
        object.properties().forEach(e -> {
            if (!e.getValue().isNull()) {
                entries.put(e.getKey(), sorted(e.getValue()));
            }
        });
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        entries.forEach(result::set);
        return result;
    }
}
