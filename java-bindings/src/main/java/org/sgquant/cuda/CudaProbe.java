package org.sgquant.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;

/**
 * Tells whether this machine has a usable CUDA device, without touching a JCuda class.
 *
 * <p>Loads {@code libcuda.so.1} by the foreign function interface and asks it for its device count, so that a machine
 * without a driver yields a reason instead of an {@link UnsatisfiedLinkError}.
 *
 * @param deviceCount usable devices, 0 where there is none
 * @param reason why there is none, empty where there is
 */
public record CudaProbe(int deviceCount, String reason) {

    private static final String DRIVER = "libcuda.so.1";
    private static final int CUDA_SUCCESS = 0;
    private static final int CUDA_ERROR_STUB_LIBRARY = 34;
    private static final int CUDA_ERROR_NO_DEVICE = 100;

    /** Asks the driver; takes some 30 ms without one. */
    public static CudaProbe probe() {
        Optional<String> denial = NativeAccess.denial();
        if (denial.isPresent()) {
            return refused(denial.get());
        }
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup driver;
            try {
                // For good: what cuInit has set up must not be unloaded.
                driver = SymbolLookup.libraryLookup(DRIVER, Arena.global());
            } catch (IllegalArgumentException e) {
                return refused(DRIVER + " cannot be loaded (no NVIDIA driver)");
            }
            for (String function : List.of("cuInit", "cuDeviceGetCount")) {
                if (driver.find(function).isEmpty()) {
                    return refused(DRIVER + " has no function " + function);
                }
            }
            return ask(driver, arena.allocate(ValueLayout.JAVA_INT));
        }
    }

    private static CudaProbe ask(SymbolLookup driver, MemorySegment count) {
        MethodHandle init = function(driver, "cuInit", ValueLayout.JAVA_INT);
        MethodHandle getCount = function(driver, "cuDeviceGetCount", ValueLayout.ADDRESS);
        try {
            String function = "cuInit";
            int status = (int) init.invokeExact(0);
            if (status == CUDA_SUCCESS) {
                function = "cuDeviceGetCount";
                status = (int) getCount.invokeExact(count);
            }
            if (status == CUDA_ERROR_STUB_LIBRARY) {
                return refused(DRIVER + " is the toolkit's stub: take .../stubs out of LD_LIBRARY_PATH");
            }
            if (status != CUDA_SUCCESS && status != CUDA_ERROR_NO_DEVICE) {
                return refused(function + " failed with CUDA error " + status);
            }
        } catch (Throwable e) {
            throw new IllegalStateException("calling " + DRIVER + " failed", e);
        }
        // Stays 0 where the driver did not set it.
        int devices = count.get(ValueLayout.JAVA_INT, 0);
        return devices > 0 ? new CudaProbe(devices, "") : refused("the NVIDIA driver is there, but it sees no device");
    }

    private static CudaProbe refused(String reason) {
        return new CudaProbe(0, reason);
    }

    private static MethodHandle function(SymbolLookup driver, String name, MemoryLayout argument) {
        return Linker.nativeLinker()
                .downcallHandle(driver.findOrThrow(name), FunctionDescriptor.of(ValueLayout.JAVA_INT, argument));
    }

    public boolean isAvailable() {
        return deviceCount > 0;
    }
}
