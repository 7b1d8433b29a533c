package org.sgquant.cuda.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.Arrays;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.sgquant.cuda.CudaLibraries;
import org.sgquant.cuda.CudaLibrary;
import org.sgquant.cuda.CudaLibraryLocation;
import org.sgquant.cuda.CudaProbe;

/**
 * Runs {@link OnLibraries} tests where CUDA's libraries are found: always on the emulator, which brings stand-ins.
 * Elsewhere they are skipped, or fail with {@code -Dsgquant.tests.requireLibraries=true}.
 */
public final class LibraryTests implements ExecutionCondition {

    private static final String REQUIRE = "sgquant.tests.requireLibraries";

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return !CudaProbe.probe().isAvailable() || areThere()
                ? decide("", Boolean.getBoolean(REQUIRE))
                : decide(missing(), Boolean.getBoolean(REQUIRE));
    }

    /** @param missing what is not found, empty if nothing */
    static ConditionEvaluationResult decide(String missing, boolean required) {
        if (missing.isEmpty()) {
            return ConditionEvaluationResult.enabled("CUDA's libraries");
        }
        if (required) {
            throw new IllegalStateException("CUDA's libraries are required by -D" + REQUIRE + ": " + missing);
        }
        return ConditionEvaluationResult.disabled("##### NO CUDA LIBRARIES: " + missing + " #####");
    }

    /**
     * Whether the device's machine has cuBLAS and cuSPARSE.
     *
     * @throws IllegalStateException if the emulator lacks its stand-ins
     */
    public static boolean areThere() {
        boolean found = missing().isEmpty();
        if (!found && onEmulator()) {
            throw new IllegalStateException("the emulator's stand-ins are not found: " + missing());
        }
        return found;
    }

    /** Whether the device is the emulator's. */
    public static boolean onEmulator() {
        try (Arena arena = Arena.ofConfined()) {
            return SymbolLookup.libraryLookup("libcuda.so.1", arena)
                    .find("sgq_emulator_submit")
                    .isPresent();
        } catch (IllegalArgumentException e) {
            // There is no driver at all.
            return false;
        }
    }

    private static String missing() {
        return Arrays.stream(CudaLibrary.values())
                .map(CudaLibraries::locate)
                .filter(location -> location.found().isEmpty())
                .map(CudaLibraryLocation::sentence)
                .reduce("", (a, b) -> a.isEmpty() ? b : a + "; " + b);
    }
}
