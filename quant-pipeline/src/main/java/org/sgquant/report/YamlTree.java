package org.sgquant.report;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.sgquant.data.FormatException;

/**
 * YAML written by hand as a tree, and the line of every key of it by its JSON pointer ({@code /train/epochs}).
 *
 * <p>One document, a mapping, of at most {@link #MOST_BYTES} and {@link #MOST_DEPTH} levels; aliases and keys that are
 * there twice are refused.
 */
public record YamlTree(String source, ObjectNode root, Map<String, Integer> lines) {

    static final long MOST_BYTES = 1 << 18;
    static final int MOST_DEPTH = 16;

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final YAMLFactory FACTORY = YAMLFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(MOST_DEPTH).build())
            .build();

    /** Reads {@code file}. */
    public static YamlTree read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new FormatException(file, "recipe", "there is no such file");
        }
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw new FormatException(
                        file.toString(), "file", Files.size(file) + " bytes", "at most " + MOST_BYTES);
            }
            return parse(file.toString(), Files.readString(file));
        } catch (java.nio.charset.CharacterCodingException e) {
            throw new FormatException(file.toString(), "file", "bytes that are no UTF-8", "text", e);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /** Reads {@code text}; {@code source} names it in errors. */
    public static YamlTree parse(String source, String text) {
        Map<String, Integer> lines = new HashMap<>();
        try (YAMLParser parser = FACTORY.createParser(text)) {
            if (parser.nextToken() == null) {
                throw new FormatException(source, "document", "nothing", "sections with keys");
            }
            JsonNode root = new Reader(source, parser, lines).node("");
            if (parser.nextToken() != null) {
                throw new FormatException(source, "line " + line(parser), "a second document", "one");
            }
            if (root instanceof ObjectNode object) {
                return new YamlTree(source, object, Map.copyOf(lines));
            }
            throw new FormatException(
                    source, "line 1", root.isArray() ? "a list" : "'" + root.asText() + "'", "sections with keys");
        } catch (JsonProcessingException e) {
            throw new FormatException(source + ": " + Json.place(e) + ": this is no YAML: " + Json.reason(e), e);
        } catch (IOException e) {
            throw new UncheckedIOException(source + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /** {@code "line N"} of the key at {@code pointer}. */
    public String place(String pointer) {
        return lines.containsKey(pointer) ? "line " + lines.get(pointer) : "document";
    }

    private static int line(JsonParser parser) {
        return parser.currentTokenLocation().getLineNr();
    }

    private record Reader(String source, YAMLParser parser, Map<String, Integer> lines) {

        /** The node that starts at the current token. */
        JsonNode node(String pointer) throws IOException {
            if (parser.isCurrentAlias()) {
                throw new FormatException(
                        source, "line " + line(parser), "the alias *" + parser.getText(), "the value itself");
            }
            return switch (parser.currentToken()) {
                case START_OBJECT -> object(pointer);
                case START_ARRAY -> array(pointer);
                case VALUE_TRUE, VALUE_FALSE -> NODES.booleanNode(parser.getBooleanValue());
                case VALUE_NULL -> NODES.nullNode();
                case VALUE_NUMBER_FLOAT -> NODES.numberNode(parser.getDoubleValue());
                case VALUE_NUMBER_INT ->
                    switch (parser.getNumberType()) {
                        case INT -> NODES.numberNode(parser.getIntValue());
                        case LONG -> NODES.numberNode(parser.getLongValue());
                        default -> NODES.numberNode(parser.getBigIntegerValue());
                    };
                default -> NODES.textNode(parser.getText());
            };
        }

        private ObjectNode object(String pointer) throws IOException {
            ObjectNode object = NODES.objectNode();
            for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
                String inner = pointer + "/" + key;
                lines.put(inner, line(parser));
                parser.nextToken();
                object.set(key, node(inner));
            }
            return object;
        }

        private ArrayNode array(String pointer) throws IOException {
            ArrayNode array = NODES.arrayNode();
            while (parser.nextToken() != com.fasterxml.jackson.core.JsonToken.END_ARRAY) {
                array.add(node(pointer));
            }
            return array;
        }
    }
}
