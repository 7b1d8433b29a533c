package org.sgquant.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.driver.CUresult;

/**
 * The CUDA driver of this machine, asked without JCuda.
 *
 * @param file where it was loaded from
 * @param version the CUDA it serves, as in 13000 for 13.0, 0 where the driver does not tell
 * @param release of the driver package, such as {@code 580.65.06}, empty where the system does not tell
 * @param status what {@code cuInit} returned
 */
public record DriverFacts(Path file, int version, Optional<String> release, int status) {

    private static final Path RELEASE = Path.of("/proc/driver/nvidia/version");
    private static final Pattern RELEASE_NUMBER = Pattern.compile("\\b(\\d{3,}\\.\\d+(?:\\.\\d+)?)\\b");
    private static final int MAJOR = 1000;
    private static final int MINOR = 10;

    /** The facts, empty where no driver can be loaded; {@link CudaProbe} says why. */
    public static Optional<DriverFacts> read() {
        return DriverQueries.open()
                .filter(driver -> driver.find("cuInit").isPresent())
                .map(DriverFacts::of);
    }

    private static DriverFacts of(DriverQueries driver) {
        MemorySegment init = driver.find("cuInit").orElseThrow();
        int version = 0;
        if (driver.find("cuDriverGetVersion").isPresent()) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
                // The toolkit's stub fails here, too; what cuInit returns tells why.
                if (driver.status("cuDriverGetVersion", value) == CUresult.CUDA_SUCCESS) {
                    version = value.get(ValueLayout.JAVA_INT, 0);
                }
            }
        }
        return new DriverFacts(DynamicLoader.fileOf(init), version, installed(), driver.status("cuInit", 0));
    }

    private static Optional<String> installed() {
        if (!Files.isReadable(RELEASE)) {
            return Optional.empty();
        }
        try {
            return release(Files.readString(RELEASE));
        } catch (IOException e) {
            throw new UncheckedIOException(RELEASE + " cannot be read", e);
        }
    }

    /** The release in what the kernel module says of itself. */
    static Optional<String> release(String text) {
        Matcher number = RELEASE_NUMBER.matcher(text);
        return number.find() ? Optional.of(number.group(1)) : Optional.empty();
    }

    /** Whether the driver works, be there a device or not. */
    public boolean works() {
        return status == CUresult.CUDA_SUCCESS || status == CUresult.CUDA_ERROR_NO_DEVICE;
    }

    /** Whether this is no driver but the toolkit's stub, which programs are linked against. */
    public boolean isStub() {
        return status == CUresult.CUDA_ERROR_STUB_LIBRARY;
    }

    /** Such as {@code 13.0}; empty where the driver does not tell. */
    public String cudaVersion() {
        return version == 0 ? "" : version / MAJOR + "." + version % MAJOR / MINOR;
    }
}
