package org.sgquant.nd4j;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The kind of core whose kernels OpenBLAS takes, set where the user has not.
 *
 * <p>OpenBLAS 0.3.19, which ND4J brings, recognises CPUs by their model number and takes one that came later for a
 * Prescott of 2004, at a third of the speed. It reads {@code OPENBLAS_CORETYPE} of the C environment once, when it is
 * loaded; Java cannot write there, {@code setenv} can.
 *
 * <p>AMD's CPUs get the kernels of HASWELL: with AVX-512 these were faster than those of SKYLAKEX and than what it finds
 * by itself, ZEN (perf/results/dense-training.md).
 */
final class OpenBlasCore {

    static final String VARIABLE = "OPENBLAS_CORETYPE";

    private static final String INTEL = "GenuineIntel";
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    private static final List<String> SKYLAKEX = List.of("avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl");
    private static final List<String> HASWELL = List.of("avx2", "fma");

    private OpenBlasCore() {}

    /** Sets the variable by what Linux says of the CPU; does nothing elsewhere, and nothing after OpenBLAS is loaded. */
    static void set() {
        if (Files.isReadable(CPU_INFO)) {
            try {
                ofCpu(Files.readString(CPU_INFO)).ifPresent(OpenBlasCore::setUnlessSet);
            } catch (IOException e) {
                throw new UncheckedIOException(CPU_INFO + " cannot be read", e);
            }
        }
    }

    /** The core whose kernels suit the first CPU, from the text of /proc/cpuinfo; empty where detection will do. */
    static Optional<String> ofCpu(String cpuInfo) {
        Set<String> flags = words(cpuInfo, "flags");
        if (flags.containsAll(SKYLAKEX) && words(cpuInfo, "vendor_id").contains(INTEL)) {
            return Optional.of("SKYLAKEX");
        }
        return flags.containsAll(HASWELL) ? Optional.of("HASWELL") : Optional.empty();
    }

    /** What the first line that begins with {@code key} says, empty where there is none. */
    private static Set<String> words(String cpuInfo, String key) {
        return cpuInfo.lines()
                .filter(line -> line.startsWith(key))
                .findFirst()
                .map(line -> Set.copyOf(Arrays.asList(
                        line.substring(line.indexOf(':') + 1).trim().split("\\s+"))))
                .orElseGet(Set::of);
    }

    private static void setUnlessSet(String core) {
        Linker linker = Linker.nativeLinker();
        MethodHandle setenv = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("setenv"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(VARIABLE);
            MemorySegment value = arena.allocateFrom(core);
            int keep = 0;
            int status = (int) setenv.invokeExact(name, value, keep);
            if (status != 0) {
                throw new IllegalStateException("setenv " + VARIABLE + " failed: no memory for the environment");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("calling setenv failed", e);
        }
    }
}
