package org.sgquant.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import jcuda.JCudaVersion;
import jcuda.LibUtils;

/**
 * Loads JCuda's native libraries from a private folder.
 *
 * <p>JCuda extracts them into {@code java.io.tmpdir} under fixed names and loads what already lies there, be it
 * another user's file or one that another JVM is still writing. It reads that property at the time of the call, so the
 * property names a new folder that only the owner may enter while a JCuda class is initialized. The folder is deleted
 * afterwards: the libraries stay mapped.
 */
final class NativeLibraries {

    private static final String TEMPORARY_FOLDER = "java.io.tmpdir";

    private NativeLibraries() {}

    /**
     * Runs {@code firstUse} of a JCuda class.
     *
     * @throws LinkageError if its library cannot be loaded
     */
    static synchronized void load(Runnable firstUse) {
        String temporaryFolder = System.getProperty(TEMPORARY_FOLDER);
        try {
            Path folder = Files.createTempDirectory(Path.of(temporaryFolder), "sgquant-natives-");
            // A JVM that is told to exit while it loads leaves nothing behind either.
            Thread deletion = new Thread(() -> delete(folder), "sgquant-natives-deletion");
            Runtime.getRuntime().addShutdownHook(deletion);
            System.setProperty(TEMPORARY_FOLDER, folder.toString());
            try {
                firstUse.run();
            } finally {
                System.setProperty(TEMPORARY_FOLDER, temporaryFolder);
                delete(folder);
                Runtime.getRuntime().removeShutdownHook(deletion);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("no private folder for native libraries in " + temporaryFolder, e);
        }
    }

    /** Why {@code library}, such as {@code JCudaDriver}, could not be loaded, in one line. */
    static String reason(String library, LinkageError error) {
        String file = "lib" + LibUtils.createPlatformLibraryName(library + "-" + JCudaVersion.get()) + ".so";
        if (NativeLibraries.class.getResource("/lib/" + file) == null) {
            return "JCuda's native library " + file + " is not on the class path (org.jcuda:jcuda-natives has those of"
                    + " linux-x86_64)";
        }
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        // JCuda reports several attempts with their stack traces; the last one is ours.
        String reason = root.toString()
                .lines()
                .filter(line -> line.contains("Error: ") || line.contains("Exception: "))
                .reduce((earlier, later) -> later)
                .orElseGet(root::toString);
        return "JCuda's native library " + file + " cannot be loaded: " + reason.strip();
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> childrenFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path path : childrenFirst) {
                Files.deleteIfExists(path);
            }
        } catch (NoSuchFileException e) {
            // Deleted already: what is wanted.
        } catch (IOException e) {
            throw new UncheckedIOException("folder of native libraries cannot be deleted: " + folder, e);
        }
    }
}
