package org.sgquant.cuda;

import java.util.Optional;

/** Whether a device may be opened: Java, driver and native library, looked at in this order. */
public final class CudaAvailability {

    /** JDK 25 builds before this one may move arrays that native code holds. */
    private static final int FIRST_SAFE_UPDATE = 3;

    private CudaAvailability() {}

    /** @throws CudaUnavailableException naming the first thing that is missing */
    static void require(int ordinal) {
        refusal(Runtime.version()).ifPresent(reason -> {
            throw new CudaUnavailableException(reason);
        });
        CudaProbe probe = CudaProbe.probe();
        if (!probe.isAvailable()) {
            throw new CudaUnavailableException(probe.reason());
        }
        if (ordinal < 0 || ordinal >= probe.deviceCount()) {
            throw new CudaUnavailableException("there is no CUDA device " + ordinal + ": the driver sees "
                    + probe.deviceCount() + ", counted from 0");
        }
        try {
            CudaDriver.load();
        } catch (LinkageError e) {
            throw new CudaUnavailableException(NativeLibraries.reason("JCudaDriver", e), e);
        }
    }

    /** Why CUDA is not safe on a Java version, empty where it is. */
    public static Optional<String> refusal(Runtime.Version java) {
        boolean unsafe = java.feature() == 25 && java.interim() == 0 && java.update() < FIRST_SAFE_UPDATE;
        return unsafe
                ? Optional.of("JDK " + java + " can move arrays that native code holds (JDK-8377811, fixed in 25.0.3)")
                : Optional.empty();
    }
}
