package org.sgquant.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jcuda.JCudaVersion;
import jcuda.driver.JCudaDriver;
import jcuda.nvptxcompiler.JNvPTXCompiler;

/**
 * Tells whether a native library of JCuda loads; needs no device.
 *
 * @param library which one
 * @param origin where the library lies, empty where it is not on the class path
 * @param reason why it does not load, in one sentence; empty where it does
 */
public record JCudaProbe(String library, String origin, String reason) {

    private static final String DRIVER = "JCudaDriver";
    private static final String ASSEMBLER = "JNvPTXCompiler";

    /** Loads that for the CUDA driver, whose library it needs, for the life of the JVM. */
    public static JCudaProbe probe() {
        return load(DRIVER, () -> JCudaDriver.setExceptionsEnabled(false));
    }

    /** Loads the assembler, which needs no driver: a machine without one shows so whether natives load at all. */
    public static JCudaProbe probeWithoutDriver() {
        return load(ASSEMBLER, () -> JNvPTXCompiler.setExceptionsEnabled(false));
    }

    private static JCudaProbe load(String library, Runnable firstUse) {
        Object file = NativeLibraries.class.getResource("/lib/" + NativeLibraries.file(library));
        String origin = file == null ? "" : file.toString();
        try {
            NativeLibraries.load(firstUse);
            return new JCudaProbe(library, origin, "");
        } catch (LinkageError | UncheckedIOException e) {
            return new JCudaProbe(library, origin, NativeLibraries.reason(library, e));
        }
    }

    public boolean isAvailable() {
        return reason.isEmpty();
    }

    /** JCuda's version, which its libraries have in their names. */
    public static String version() {
        return JCudaVersion.get();
    }

    /** Files in {@code folder} under the names that JCuda by itself would extract to, and load if they are there. */
    public static List<Path> planted(Path folder) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(folder, "libJ*-" + version() + "-*.{so,dll,dylib}")) {
            files.forEach(found::add);
        } catch (IOException e) {
            throw new UncheckedIOException(folder + " cannot be read", e);
        }
        found.sort(null);
        return found;
    }
}
