package org.sgquant.reproduce;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.sgquant.data.FormatException;
import org.sgquant.report.Json;

/** Finds tables: those that come with sgquant by name, others as files. */
public final class Tables {

    private static final String FOLDER = "/reproduce/";
    private static final String SUFFIX = ".yaml";

    private Tables() {}

    /** A table with the name that its results go by. */
    public record Named(String name, String source, Table table) {}

    /** Names of the tables that come with sgquant. */
    public static List<String> names() {
        return resource("index.txt").lines().filter(line -> !line.isBlank()).toList();
    }

    /**
     * The table of a name, or in a file ending in {@code .yaml}.
     *
     * <p>Errors: {@link IllegalArgumentException} for a name that is unknown, {@link FormatException} for a table that
     * is not right.
     */
    public static Named open(String nameOrFile) {
        if (nameOrFile.endsWith(SUFFIX)) {
            Path file = Path.of(nameOrFile);
            String stem = file.getFileName().toString();
            return parse(stem.substring(0, stem.length() - SUFFIX.length()), nameOrFile, read(file));
        }
        if (!names().contains(nameOrFile)) {
            throw new IllegalArgumentException("table '" + nameOrFile + "' does not exist: choose "
                    + String.join(", ", names()) + ", or name a file ending in " + SUFFIX);
        }
        return parse(nameOrFile, nameOrFile + SUFFIX, resource(nameOrFile + SUFFIX));
    }

    /** The YAML of a table that comes with sgquant, to start one of your own from. */
    public static String text(String name) {
        return resource(open(name).source());
    }

    static Named parse(String name, String source, String text) {
        return new Named(name, source, Json.parseYaml(source, text, Table.class).checked(source));
    }

    private static String read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new FormatException(file, "table", "there is no such file");
        }
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private static String resource(String name) {
        try (InputStream in = Tables.class.getResourceAsStream(FOLDER + name)) {
            if (in == null) {
                throw new IllegalStateException("the resource " + FOLDER + name + " is missing from this build");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("the resource " + FOLDER + name + " cannot be read", e);
        }
    }
}
