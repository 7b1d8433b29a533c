package org.sgquant.nd4j;

import java.util.function.Predicate;
import org.nd4j.linalg.factory.Nd4j;
import org.sgquant.kernels.DeviceUnavailableException;

/** The implementation of ND4J that is on the class path, known without touching a class of ND4J. */
public enum Nd4jBackend {
    /** nd4j-native: arrays in the memory of this process, products by OpenBLAS. */
    NATIVE("org/nd4j/linalg/cpu/nativecpu/CpuBackend.class"),
    /** nd4j-cuda-11.6: arrays on a GPU. */
    CUDA("org/nd4j/linalg/jcublas/JCublasBackend.class");

    private static final String WAY_OUT = "; --dense own needs no ND4J";

    private static Nd4jBackend loaded;

    private final String resource;

    Nd4jBackend(String resource) {
        this.resource = resource;
    }

    /**
     * Loads ND4J once, which takes a second or more and on its very first use unpacks some 400 MB below
     * {@code ~/.javacpp}.
     *
     * <p>On the CPU OpenBLAS is told the kind of core first, see {@link OpenBlasCore}: call this before anything else
     * touches ND4J.
     *
     * @throws DeviceUnavailableException with the reason where it cannot be used on this machine
     */
    public static synchronized Nd4jBackend load() {
        if (loaded != null) {
            return loaded;
        }
        Nd4jBackend backend =
                onClassPath(resource -> Nd4jBackend.class.getClassLoader().getResource(resource) != null);
        if (backend == CUDA) {
            CudaSuitability.require();
        } else {
            OpenBlasCore.set();
        }
        try {
            Nd4j.getBackend();
        } catch (LinkageError e) {
            throw new DeviceUnavailableException("ND4J cannot be loaded: " + rootMessage(e) + WAY_OUT, e);
        }
        loaded = backend;
        return backend;
    }

    /** ND4J itself prefers the GPU where both are there. */
    static Nd4jBackend onClassPath(Predicate<String> hasResource) {
        if (hasResource.test(CUDA.resource)) {
            return CUDA;
        }
        if (hasResource.test(NATIVE.resource)) {
            return NATIVE;
        }
        throw new DeviceUnavailableException(
                "ND4J has no backend on the class path: expected nd4j-native or nd4j-cuda-11.6" + WAY_OUT);
    }

    private static String rootMessage(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage();
        return message == null
                ? root.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }
}
