package org.sgquant.experiment;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.sgquant.model.ModelConfig;

/**
 * The model of a recipe: {@code name} and the components of its {@link ModelConfig} by name; what is absent is at the
 * model's default.
 */
public record ModelSettings(@JsonValue Map<String, Object> values) {

    private static final String NAME = "name";

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public ModelSettings(Map<String, Object> values) {
        this.values = new LinkedHashMap<>(values);
        // Floats, which come back from YAML as doubles.
        this.values.replaceAll((key, value) -> value instanceof Double d ? (Object) d.floatValue() : value);
    }

    /** Every setting of {@code config}. */
    public static ModelSettings of(ModelConfig config) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put(NAME, config.name());
        for (RecordComponent component : config.getClass().getRecordComponents()) {
            Object value = get(config, component);
            values.put(component.getName(), value instanceof Enum<?> ? value.toString() : value);
        }
        return new ModelSettings(values);
    }

    /** Model {@code name} with {@code changes} to its defaults, every setting listed. */
    public static ModelSettings of(String name, Map<String, Object> changes) {
        Map<String, Object> values = new LinkedHashMap<>(Map.of(NAME, name));
        values.putAll(changes);
        return of(new ModelSettings(values).config());
    }

    public String name() {
        return String.valueOf(values.get(NAME));
    }

    /** The hyper-parameters. */
    public ModelConfig config() {
        ModelConfig defaults = Models.defaults(name());
        RecordComponent[] components = defaults.getClass().getRecordComponents();
        requireKnown(components);
        Class<?>[] types = new Class<?>[components.length];
        Object[] arguments = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            Object value = values.get(components[i].getName());
            arguments[i] =
                    value == null ? get(defaults, components[i]) : convert(components[i].getName(), types[i], value);
        }
        try {
            Constructor<? extends ModelConfig> constructor = defaults.getClass().getConstructor(types);
            return constructor.newInstance(arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException wrong) {
                throw wrong;
            }
            throw new IllegalStateException(e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a config is a public record", e);
        }
    }

    private void requireKnown(RecordComponent[] components) {
        for (String key : values.keySet()) {
            if (!key.equals(NAME)
                    && Arrays.stream(components).noneMatch(c -> c.getName().equals(key))) {
                throw new IllegalArgumentException("model " + name() + " has no '" + key + "': it has "
                        + Arrays.stream(components)
                                .map(RecordComponent::getName)
                                .collect(Collectors.joining(" ")));
            }
        }
    }

    private static Object get(ModelConfig config, RecordComponent component) {
        try {
            return component.getAccessor().invoke(config);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a config is a public record", e);
        }
    }

    private Object convert(String key, Class<?> type, Object value) {
        if (type == int.class && value instanceof Integer) {
            return value;
        }
        if (type == float.class && value instanceof Number number) {
            return number.floatValue();
        }
        if (type == boolean.class && value instanceof Boolean) {
            return value;
        }
        if (type.isEnum()) {
            return constant(key, type, value);
        }
        throw new IllegalArgumentException(
                "model " + name() + ": " + key + " is '" + value + "', expected " + type.getSimpleName());
    }

    private static Object constant(String key, Class<?> type, Object value) {
        return Arrays.stream(type.getEnumConstants())
                .filter(c -> c.toString().equals(value))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(key + " '" + value + "' does not exist: choose one of "
                        + Arrays.stream(type.getEnumConstants())
                                .map(Object::toString)
                                .collect(Collectors.joining(" "))));
    }
}
