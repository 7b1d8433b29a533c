package org.sgquant.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Whether this JVM may call native code that JCuda and the CUDA driver are made of. */
public final class NativeAccess {

    private static final String DENIED = "Java denies native access: start it with --enable-native-access=ALL-UNNAMED";

    private NativeAccess() {}

    /** Why it may not, empty where it may: by Java's options and by the platform. */
    static Optional<String> refusal() {
        return platform().or(NativeAccess::denial);
    }

    /** Why no native library of JCuda runs on this platform, empty where they do. */
    static Optional<String> platform() {
        return isPlatformOfNatives()
                ? Optional.empty()
                : Optional.of("JCuda's native libraries exist for linux-x86_64 only, this is " + platformName());
    }

    /** Whether this is linux-x86_64, which JCuda's native libraries and those that sgquant brings along are of. */
    static boolean isPlatformOfNatives() {
        return platformName().equals("Linux on amd64");
    }

    static String platformName() {
        return System.getProperty("os.name") + " on " + System.getProperty("os.arch");
    }

    /** What to say where Java's options forbid native access, empty where they do not. */
    public static Optional<String> denial() {
        try {
            // Restricted as all that reaches native code is, and without any effect.
            MemorySegment.NULL.reinterpret(0);
            return Optional.empty();
        } catch (IllegalCallerException e) {
            return Optional.of(DENIED);
        }
    }
}
