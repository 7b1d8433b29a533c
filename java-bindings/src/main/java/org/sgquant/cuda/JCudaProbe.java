package org.sgquant.cuda;

import java.io.UncheckedIOException;
import java.net.URL;
import jcuda.driver.JCudaDriver;

/**
 * Tells whether JCuda's native library for the CUDA driver loads; needs the driver's library, but no device.
 *
 * @param origin where the library lies, empty where it is not on the class path
 * @param reason why it does not load, in one sentence; empty where it does
 */
public record JCudaProbe(String origin, String reason) {

    private static final String LIBRARY = "JCudaDriver";

    /** Loads it, for the life of the JVM. */
    public static JCudaProbe probe() {
        URL file = NativeLibraries.class.getResource("/lib/" + NativeLibraries.file(LIBRARY));
        String origin = file == null ? "" : file.toString();
        try {
            NativeLibraries.load(() -> JCudaDriver.setExceptionsEnabled(false));
            return new JCudaProbe(origin, "");
        } catch (LinkageError | UncheckedIOException e) {
            return new JCudaProbe(origin, NativeLibraries.reason(LIBRARY, e));
        }
    }

    public boolean isAvailable() {
        return reason.isEmpty();
    }
}
