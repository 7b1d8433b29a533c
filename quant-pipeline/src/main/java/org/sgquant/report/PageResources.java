package org.sgquant.report;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/** Text that a report page is made of: the project's own, and the scripts of the webjars. */
final class PageResources {

    private PageResources() {}

    /** A script of {@code org.webjars:artifact} and its version. */
    record Library(String text, String version) {}

    /** The text of a resource of this package. */
    static String text(String name) {
        return read("/org/sgquant/report/" + name);
    }

    /** The minified script of a webjar, whose version is the one on the class path. */
    static Library library(String artifact) {
        Properties properties = new Properties();
        String where = "/META-INF/maven/org.webjars/" + artifact + "/pom.properties";
        try (InputStream in = open(where)) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(where + ": cannot be read", e);
        }
        String version = properties.getProperty("version");
        String file = "/META-INF/resources/webjars/" + artifact + "/" + version + "/" + artifact + ".min.js";
        return new Library(read(file), version);
    }

    private static String read(String where) {
        try (InputStream in = open(where)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(where + ": cannot be read", e);
        }
    }

    private static InputStream open(String where) throws IOException {
        InputStream in = PageResources.class.getResourceAsStream(where);
        if (in == null) {
            throw new FileNotFoundException(where + " is not on the class path");
        }
        return in;
    }
}
