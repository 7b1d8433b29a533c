package org.sgquant.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.sgquant.data.FormatException;
import org.sgquant.data.NearNames;
import org.sgquant.quant.QatConfig;
import org.sgquant.quant.QuantConfig;
import org.sgquant.report.Json;
import org.sgquant.report.YamlTree;

/**
 * What a file or a preset changes in a {@link Recipe}: some of its sections, some of their keys, in the same YAML.
 *
 * <p>{@code PartialRecipe.open("taq-4bit").over(Recipe.defaults(data, "gcn", seed))} is what the command line runs.
 */
public final class PartialRecipe {

    /** Changes nothing. */
    public static final PartialRecipe NONE =
            new PartialRecipe("no recipe", false, JsonNodeFactory.instance.objectNode());

    private static final String FOLDER = "/recipes/";
    private static final String SUFFIX = ".yaml";

    private final String source;
    private final boolean written;
    private final ObjectNode tree;

    private PartialRecipe(String source, boolean written, ObjectNode tree) {
        this.source = source;
        this.written = written;
        this.tree = tree;
    }

    /** A preset: its name and what it does, in a line. */
    public record Preset(String name, String description) {}

    /** The presets that come with sgquant. */
    public static List<Preset> presets() {
        return names().stream()
                .map(name -> new Preset(
                        name, text(name).lines().findFirst().orElse("").replaceFirst("^# *", "")))
                .toList();
    }

    private static List<String> names() {
        return resource("index.txt").lines().filter(line -> !line.isBlank()).toList();
    }

    /** The YAML of a preset. */
    public static String text(String name) {
        List<String> names = names();
        if (!names.contains(name)) {
            throw new IllegalArgumentException("recipe '" + name + "' does not exist: "
                    + NearNames.question(name, names, "choose one of " + String.join(", ", names) + ".")
                    + " A file of your own ends in " + SUFFIX + ".");
        }
        return resource(name + SUFFIX);
    }

    /** The preset of a name, or the recipe in a file: one that is there, or whose name ends in {@code .yaml}. */
    public static PartialRecipe open(String nameOrFile) {
        boolean file = !names().contains(nameOrFile)
                && (nameOrFile.endsWith(SUFFIX)
                        || nameOrFile.endsWith(".yml")
                        || Files.isRegularFile(Path.of(nameOrFile)));
        return file ? checked(YamlTree.read(Path.of(nameOrFile))) : parse("recipe " + nameOrFile, text(nameOrFile));
    }

    /** The recipe in {@code text}; {@code source} names it in errors. */
    public static PartialRecipe parse(String source, String text) {
        return checked(YamlTree.parse(source, text));
    }

    private static PartialRecipe checked(YamlTree yaml) {
        RecipeSchema.check(yaml);
        return new PartialRecipe(yaml.source(), true, yaml.root());
    }

    /** Changes that were not read from YAML. */
    public static PartialRecipe of(String source, ObjectNode changes) {
        return new PartialRecipe(source, false, changes);
    }

    /** The sections in which {@code recipe} is not as usual for {@code usual} and the first model, as YAML. */
    public static String textOf(Recipe recipe, Recipe.Data usual) {
        ObjectNode sections = Json.tree(recipe);
        String model = recipe.model().name();
        ObjectNode defaults = Json.tree(Recipe.defaults(usual, model, 0));
        if (!model.equals(Models.names().get(0))) {
            defaults.remove("model");
        }
        sections.properties().removeIf(section -> section.getValue().equals(defaults.get(section.getKey())));
        return Json.writeYaml(sections);
    }

    /** The same without these sections. */
    public PartialRecipe without(String... sections) {
        ObjectNode less = tree.deepCopy();
        less.remove(List.of(sections));
        return new PartialRecipe(source, written, less);
    }

    public String source() {
        return source;
    }

    /** Names of the sections that it changes. */
    public List<String> sections() {
        List<String> names = new ArrayList<>();
        tree.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** The value at {@code pointer}, such as {@code /model/name}; missing where nothing is said of it. */
    public JsonNode at(String pointer) {
        return tree.at(pointer);
    }

    /** Its bits, null where it has none. */
    public String bits() {
        return tree.hasNonNull("bits") ? tree.get("bits").asText() : null;
    }

    /** How it searches, null where it does not say. */
    public Recipe.Search search() {
        return tree.hasNonNull("search")
                ? Json.convert(source, "search", tree.get("search"), Recipe.Search.class)
                : null;
    }

    /**
     * {@code base} with these changes. Where only the first of two learning rates is changed, a constant one stays
     * constant; another model than that of {@code base} has its own hyper-parameters.
     *
     * @throws FormatException where YAML says what no model or training can be made from
     */
    public Recipe over(Recipe base) {
        ObjectNode result = Json.tree(base);
        fill(result, "objective", new Recipe.Loss("plain", null, null, null));
        fill(result, "qat", Recipe.Qat.always(QatConfig.OFF));
        fill(
                result,
                "storage",
                new Recipe.Storage(QuantConfig.DEFAULT.featuresForm().toString()));
        for (String training : List.of("train", "fineTune")) {
            JsonNode rate = tree.at("/" + training + "/learningRate");
            ObjectNode old = (ObjectNode) result.get(training);
            if (rate.isNumber() && old.get("learningRate").equals(old.get("finalLearningRate"))) {
                old.set("finalLearningRate", rate);
            }
        }
        try {
            String model = tree.at("/model/name").asText(base.model().name());
            if (!model.equals(base.model().name())) {
                result.set("model", Json.tree(ModelSettings.of(model, Map.of())));
            }
            Json.override(result, tree);
            Recipe merged = Json.convert(source, "merged with the defaults", result, Recipe.class)
                    .normalized();
            if (written) {
                merged.check();
            }
            return merged;
        } catch (IllegalArgumentException e) {
            throw written ? new FormatException(source + ": " + e.getMessage()) : e;
        }
    }

    /** Puts in {@code section} where it is off and some of its keys are changed. */
    private void fill(ObjectNode result, String section, Object off) {
        if (tree.path(section).isObject() && !result.hasNonNull(section)) {
            result.set(section, Json.tree(off));
        }
    }

    private static String resource(String name) {
        try (InputStream in = PartialRecipe.class.getResourceAsStream(FOLDER + name)) {
            if (in == null) {
                throw new IllegalStateException("the resource " + FOLDER + name + " is missing from this build");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("the resource " + FOLDER + name + " cannot be read", e);
        }
    }
}
