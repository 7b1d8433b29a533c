package org.sgquant.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A new folder in {@code java.io.tmpdir} that only the owner may enter, where native libraries lie while they are
 * loaded. It is deleted afterwards, also by a JVM that is told to exit meanwhile: the libraries stay mapped.
 */
public final class PrivateFolder implements AutoCloseable {

    static final String TEMPORARY_FOLDER = "java.io.tmpdir";

    private final Path path;
    private final Thread deletion;

    private PrivateFolder(Path path) {
        this.path = path;
        deletion = new Thread(() -> delete(path), "sgquant-natives-deletion");
        Runtime.getRuntime().addShutdownHook(deletion);
    }

    /** @throws UncheckedIOException where the temporary folder takes no other */
    public static PrivateFolder create() {
        String temporaryFolder = System.getProperty(TEMPORARY_FOLDER);
        try {
            return new PrivateFolder(Files.createTempDirectory(Path.of(temporaryFolder), "sgquant-natives-"));
        } catch (IOException e) {
            throw new UncheckedIOException("no private folder for native libraries in " + temporaryFolder, e);
        }
    }

    public Path path() {
        return path;
    }

    /**
     * Copies {@code file} of {@code resources}, a folder on the class path such as {@code /org/sgquant/cuda/}, into this one.
     *
     * @return where it is now, empty where the class path has none
     */
    Optional<Path> unpack(String resources, String file) throws IOException {
        try (InputStream content = PrivateFolder.class.getResourceAsStream(resources + file)) {
            if (content == null) {
                return Optional.empty();
            }
            Path copy = path.resolve(file);
            Files.copy(content, copy);
            return Optional.of(copy);
        }
    }

    @Override
    public void close() {
        delete(path);
        try {
            Runtime.getRuntime().removeShutdownHook(deletion);
        } catch (IllegalStateException e) {
            // The JVM is exiting already: the hook finds nothing left.
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> childrenFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path path : childrenFirst) {
                Files.deleteIfExists(path);
            }
        } catch (NoSuchFileException e) {
            // Deleted already: what is wanted.
        } catch (UncheckedIOException e) {
            // The same, told while walking.
            if (!(e.getCause() instanceof NoSuchFileException)) {
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("folder of native libraries cannot be deleted: " + folder, e);
        }
    }
}
