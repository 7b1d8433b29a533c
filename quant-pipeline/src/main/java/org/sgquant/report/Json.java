package org.sgquant.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.sgquant.data.FormatException;
import org.sgquant.tensor.BitWidth;

/**
 * JSON and YAML of the project's records; unknown and missing keys are errors that name the file.
 *
 * <p>In JSON and in YAML written by hand a key may be missing unless its record component is marked as required; in the
 * YAML of {@link #readYaml} only one that is left out when null, as {@code JsonInclude} says of its component or record.
 */
public final class Json {

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .addModule(widths())
            .build();
    private static final ObjectMapper YAML = new ObjectMapper(YAMLFactory.builder()
                    .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                    .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                    .build())
            .registerModule(widths())
            .setAnnotationIntrospector(new JacksonAnnotationIntrospector() {
                @Override
                public Boolean hasRequiredMarker(AnnotatedMember member) {
                    return !member.hasAnnotation(JsonInclude.class)
                            && !member.getDeclaringClass().isAnnotationPresent(JsonInclude.class);
                }
            });
    private static final ObjectMapper YAML_BY_HAND = new ObjectMapper(YAMLFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .registerModule(widths())
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);

    private static final Pattern TOKEN = Pattern.compile("JsonToken\\.([A-Z_]+)");

    private Json() {}

    /** Bit widths: the number of an integer, the name of a float. */
    private static SimpleModule widths() {
        SimpleModule module = new SimpleModule();
        module.addSerializer(BitWidth.class, new JsonSerializer<BitWidth>() {
            @Override
            public void serialize(BitWidth width, JsonGenerator out, SerializerProvider provider) throws IOException {
                if (width.isFloat()) {
                    out.writeString(width.toString());
                } else {
                    out.writeNumber(width.bits());
                }
            }
        });
        module.addDeserializer(BitWidth.class, new JsonDeserializer<BitWidth>() {
            @Override
            public BitWidth deserialize(JsonParser in, DeserializationContext context) throws IOException {
                try {
                    return BitWidth.of(in.getText());
                } catch (IllegalArgumentException e) {
                    throw JsonMappingException.from(in, e.getMessage(), e);
                }
            }
        });
        return module;
    }

    /** The value as an indented JSON document. */
    public static String write(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of this project always has a JSON form", e);
        }
    }

    /** The value as YAML. */
    public static String writeYaml(Object value) {
        try {
            return YAML.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of this project always has a YAML form", e);
        }
    }

    public static <T> T read(Path file, Class<T> type) {
        return read(JSON, file, type);
    }

    public static <T> T readYaml(Path file, Class<T> type) {
        return read(YAML, file, type);
    }

    /** YAML that people write: keys may be missing, none may be unknown or there twice; {@code source} names it. */
    public static <T> T parseYaml(String source, String text, Class<T> type) {
        return parse(YAML_BY_HAND, source, text, type);
    }

    /** JSON in {@code text}; {@code source} names it. */
    public static <T> T parse(String source, String text, Class<T> type) {
        return parse(JSON, source, text, type);
    }

    /** The value as a tree whose leaves may be replaced before {@link #convert}. */
    public static ObjectNode tree(Object value) {
        return YAML.valueToTree(value);
    }

    /** The value as a node of such a tree. */
    public static JsonNode node(Object value) {
        return YAML.valueToTree(value);
    }

    /** Replaces in {@code tree} what {@code changes} has, key by key where both have sections. */
    public static void override(ObjectNode tree, ObjectNode changes) {
        for (Map.Entry<String, JsonNode> change : changes.properties()) {
            JsonNode old = tree.get(change.getKey());
            if (old instanceof ObjectNode section && change.getValue() instanceof ObjectNode entries) {
                override(section, entries);
            } else {
                tree.set(change.getKey(), change.getValue().deepCopy());
            }
        }
    }

    /** The tree as a record; {@code source} and {@code place} say where an unknown key was written. */
    public static <T> T convert(String source, String place, JsonNode tree, Class<T> type) {
        try {
            return YAML.treeToValue(tree, type);
        } catch (JsonProcessingException e) {
            throw problem(source, place, e);
        }
    }

    private static <T> T read(ObjectMapper mapper, Path file, Class<T> type) {
        try {
            return parse(mapper, file.toString(), Files.readString(file), type);
        } catch (NoSuchFileException e) {
            throw new FormatException(file + ": there is no such file", e);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private static <T> T parse(ObjectMapper mapper, String source, String text, Class<T> type) {
        try {
            T value = mapper.readValue(text, type);
            if (value == null) {
                throw new FormatException(source, "document", "nothing", noun(type));
            }
            return value;
        } catch (JsonProcessingException e) {
            throw problem(source, place(e), e);
        }
    }

    private static FormatException problem(String source, String place, JsonProcessingException e) {
        if (e instanceof UnrecognizedPropertyException unknown) {
            String known = unknown.getKnownPropertyIds().stream()
                    .map(String::valueOf)
                    .sorted()
                    .collect(Collectors.joining(", "));
            return new FormatException(
                    source, place, "the unknown key '" + path(unknown.getPath()) + "'", "one of " + known, e);
        }
        if (!(e instanceof JsonMappingException mapping) || e.getCause() instanceof JsonParseException) {
            String form = e.getProcessor() instanceof YAMLParser ? "YAML" : "JSON";
            return new FormatException(source + ": " + place + ": this is no " + form + ": " + reason(e), e);
        }
        String key = path(mapping.getPath());
        String where = source + ": " + place + (key.isEmpty() ? "" : ", key '" + key + "'");
        if (e.getOriginalMessage().startsWith("Missing required creator property")) {
            return new FormatException(source + ": " + place + ": the key '" + key + "' is missing", e);
        }
        if (e instanceof InvalidFormatException value) {
            return new FormatException(
                    where + ": got '" + value.getValue() + "', expected " + noun(value.getTargetType()), e);
        }
        if (e instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null) {
            return new FormatException(where + ": " + got(mismatch) + "expected " + noun(mismatch.getTargetType()), e);
        }
        return new FormatException(where + ": " + reason(e), e);
    }

    /** What stands there, as {@code got a list, }; the library tells it by the name of its token alone. */
    private static String got(MismatchedInputException e) {
        Matcher token = TOKEN.matcher(e.getOriginalMessage());
        if (!token.find()) {
            return e.getOriginalMessage().startsWith("No content") ? "got nothing, " : "";
        }
        return switch (JsonToken.valueOf(token.group(1))) {
            case START_ARRAY -> "got a list, ";
            case START_OBJECT -> "got keys with values, ";
            case VALUE_STRING -> "got text, ";
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "got a number, ";
            case VALUE_TRUE, VALUE_FALSE -> "got true or false, ";
            default -> "";
        };
    }

    private static String noun(Class<?> type) {
        if (type == int.class || type == long.class || type == Integer.class || type == Long.class) {
            return "a whole number";
        }
        if ((type.isPrimitive() && type != boolean.class) || Number.class.isAssignableFrom(type)) {
            return "a number";
        }
        if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        }
        return type == String.class
                ? "text"
                : Collection.class.isAssignableFrom(type) || type.isArray() ? "a list" : "keys with values";
    }

    static String place(JsonProcessingException e) {
        return e.getLocation() == null ? "document" : "line " + e.getLocation().getLineNr();
    }

    /** What the parser found, without what it was about to do and where. */
    static String reason(JsonProcessingException e) {
        return e.getOriginalMessage()
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith(" "))
                .reduce("an error", (first, last) -> last)
                .replaceFirst(" \\(start marker at .*", "");
    }

    private static String path(List<JsonMappingException.Reference> references) {
        return references.stream()
                .map(r -> r.getFieldName() == null ? "[" + r.getIndex() + "]" : r.getFieldName())
                .collect(Collectors.joining("."))
                .replace(".[", "[");
    }
}
