package org.sgquant.cuda;

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

    private NativeLibraries() {}

    /**
     * Runs {@code firstUse} of a JCuda class.
     *
     * @throws LinkageError if its library cannot be loaded
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
}
