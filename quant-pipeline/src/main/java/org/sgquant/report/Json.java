package org.sgquant.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.sgquant.data.FormatException;

/**
 * JSON and YAML of the project's records; unknown and missing keys are errors that name the file.
 *
 * <p>In JSON a key may be missing unless its record component is marked as required; in YAML only one that carries a
 * {@code @JsonProperty} which is not.
 */
public final class Json {

    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    private static final ObjectMapper YAML = new ObjectMapper(YAMLFactory.builder()
                    .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                    .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                    .build())
            .setAnnotationIntrospector(new RequiredUnlessMarked());

    private Json() {}

    /** Every record component is required but those marked otherwise; the latter are null where they are missing. */
    private static final class RequiredUnlessMarked extends JacksonAnnotationIntrospector {
        private static final long serialVersionUID = 1;

        @Override
        public Boolean hasRequiredMarker(AnnotatedMember member) {
            JsonProperty mark = _findAnnotation(member, JsonProperty.class);
            return mark == null || mark.required();
        }
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

    private static <T> T read(ObjectMapper mapper, Path file, Class<T> type) {
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
        }
        try {
            T value = mapper.readValue(text, type);
            if (value == null) {
                throw new FormatException(file.toString(), "document", "nothing", type.getSimpleName());
            }
            return value;
        } catch (JsonProcessingException e) {
            String place = e.getLocation() == null
                    ? "document"
                    : "line " + e.getLocation().getLineNr();
            throw new FormatException(
                    file.toString(),
                    place,
                    e.getOriginalMessage().lines().findFirst().orElse("an error"),
                    type.getSimpleName(),
                    e);
        }
    }
}
