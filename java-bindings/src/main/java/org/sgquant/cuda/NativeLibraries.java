package org.sgquant.cuda;

import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

    private static final Pattern THROWN = Pattern.compile(".*(?:Error|Exception): (.*?)(?: \\[in thread .*])?$");

    private NativeLibraries() {}

    /**
     * Runs {@code firstUse} of a JCuda class.
     *
     * @throws LinkageError if its library cannot be loaded
     * @throws UncheckedIOException where there is no folder for it
     */
    static synchronized void load(Runnable firstUse) {
        String temporaryFolder = System.getProperty(PrivateFolder.TEMPORARY_FOLDER);
        try (PrivateFolder folder = PrivateFolder.create()) {
            System.setProperty(PrivateFolder.TEMPORARY_FOLDER, folder.path().toString());
            try {
                firstUse.run();
            } finally {
                System.setProperty(PrivateFolder.TEMPORARY_FOLDER, temporaryFolder);
            }
        }
    }

    /** The file of {@code library} on this platform. */
    static String file(String library) {
        return "lib" + LibUtils.createPlatformLibraryName(library + "-" + JCudaVersion.get()) + ".so";
    }

    /** Why {@code library}, such as {@code JCudaDriver}, could not be loaded, in one sentence. */
    static String reason(String library, Throwable error) {
        Optional<String> refusal = NativeAccess.refusal();
        if (refusal.isPresent()) {
            return refusal.get();
        }
        String file = file(library);
        if (NativeLibraries.class.getResource("/lib/" + file) == null) {
            return "JCuda's native library " + file + " is not on the class path (org.jcuda:" + jarOf(library)
                    + " has those of linux-x86_64)";
        }
        return "JCuda's native library " + file + " cannot be loaded: " + reason(error);
    }

    private static String jarOf(String library) {
        return switch (library) {
            case "JCublas2" -> "jcublas-natives";
            case "JCusparse" -> "jcusparse-natives";
            default -> "jcuda-natives";
        };
    }

    private static String reason(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null && !(root instanceof UncheckedIOException)) {
            root = root.getCause();
        }
        if (root instanceof UncheckedIOException) {
            return root.getMessage();
        }
        // JCuda reports several attempts with their stack traces; the last one is ours.
        String message = root.toString()
                .lines()
                .map(THROWN::matcher)
                .filter(Matcher::find)
                .map(line -> line.group(1))
                .reduce((earlier, later) -> later)
                .orElseGet(root::toString)
                .strip();
        int end = message.indexOf(": ");
        return end < 0 ? message : LoadFailure.reason(message.substring(0, end), message);
    }
}
