package org.sgquant.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.sgquant.data.FormatException;
import org.sgquant.data.NearNames;
import org.sgquant.report.Json;
import org.sgquant.report.YamlTree;

/**
 * The published JSON Schema of a partial recipe, and the check of what people write against it.
 *
 * <p>The check knows the words that the schema uses: {@code type}, {@code enum}, {@code minimum} of whole numbers,
 * {@code properties} (no others are allowed) and {@code items}.
 */
public final class RecipeSchema {

    private static final String RESOURCE = "/recipe.schema.json";
    private static final Map<String, String> EXPECTED = Map.of(
            "object", "keys with values",
            "array", "a list",
            "string", "text",
            "integer", "a whole number",
            "number", "a number",
            "boolean", "true or false");

    private RecipeSchema() {}

    /** The schema as JSON text. */
    public static String text() {
        try (InputStream in = RecipeSchema.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("the resource " + RESOURCE + " is missing from this build");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("the resource " + RESOURCE + " cannot be read", e);
        }
    }

    /** Refuses keys that no recipe has, with the nearest one, and values of another type. */
    static void check(YamlTree yaml) {
        check(yaml, yaml.root(), Json.parse(RESOURCE, text(), JsonNode.class), "");
    }

    private static void check(YamlTree yaml, JsonNode value, JsonNode schema, String pointer) {
        List<String> types = texts(schema.path("type"));
        if (!types.isEmpty() && types.stream().noneMatch(type -> is(value, type))) {
            throw wrong(
                    yaml,
                    pointer,
                    value,
                    String.join(
                            " or ",
                            types.stream()
                                    .filter(EXPECTED::containsKey)
                                    .map(EXPECTED::get)
                                    .toList()));
        }
        List<String> choices = texts(schema.path("enum"));
        if (value.isValueNode() && !value.isNull() && !choices.isEmpty() && !choices.contains(value.asText())) {
            choices.remove("null");
            throw wrong(yaml, pointer, value, "one of " + String.join(", ", choices));
        }
        JsonNode least = schema.path("minimum");
        if (value.isNumber() && least.isNumber() && value.doubleValue() < least.doubleValue()) {
            throw wrong(yaml, pointer, value, EXPECTED.get("integer") + " from " + least.asText() + " on");
        }
        for (JsonNode entry : value.isArray() ? value : List.<JsonNode>of()) {
            check(yaml, entry, schema.path("items"), pointer);
        }
        if (value.isObject()) {
            value.properties()
                    .forEach(entry -> check(
                            yaml,
                            entry.getValue(),
                            property(yaml, schema.path("properties"), pointer, entry.getKey()),
                            pointer + "/" + entry.getKey()));
        }
    }

    private static JsonNode property(YamlTree yaml, JsonNode properties, String pointer, String key) {
        if (!properties.has(key)) {
            List<String> known = new ArrayList<>();
            properties.fieldNames().forEachRemaining(known::add);
            String what = pointer.isEmpty() ? "the recipe" : words(pointer);
            throw new FormatException(yaml.source() + ": " + yaml.place(pointer + "/" + key) + ": " + what
                    + " has no key '" + key + "': "
                    + NearNames.question(key, known, "it has " + String.join(", ", known)));
        }
        return properties.get(key);
    }

    private static FormatException wrong(YamlTree yaml, String pointer, JsonNode value, String expected) {
        String got = value.isContainerNode()
                ? (value.isArray() ? "a list" : "keys with values")
                : "'" + value.asText() + "'";
        return new FormatException(yaml.source(), yaml.place(pointer) + ", " + words(pointer), got, expected);
    }

    private static String words(String pointer) {
        return pointer.substring(1).replace('/', '.');
    }

    private static List<String> texts(JsonNode oneOrMore) {
        List<String> texts = new ArrayList<>();
        if (oneOrMore.isTextual()) {
            texts.add(oneOrMore.textValue());
        }
        oneOrMore.elements().forEachRemaining(e -> texts.add(e.asText()));
        return texts;
    }

    private static boolean is(JsonNode value, String type) {
        return switch (value.getNodeType()) {
            case NUMBER -> type.equals("number") || (type.equals("integer") && value.isIntegralNumber());
            case MISSING, POJO, BINARY -> false;
            default -> value.getNodeType().name().toLowerCase(Locale.ROOT).equals(type);
        };
    }
}
