package org.sgquant.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

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
    private static final int CUDA_ERROR_NO_DEVICE = 100;

    /** Asks the driver; takes some 30 ms without one. */
    public static CudaProbe probe() {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup driver;
            try {
                driver = SymbolLookup.libraryLookup(DRIVER, arena);
            } catch (IllegalArgumentException e) {
                return new CudaProbe(0, DRIVER + " not found (no NVIDIA driver)");
            }
            return ask(driver, arena);
        }
    }

    private static CudaProbe ask(SymbolLookup driver, Arena arena) {
        int status = call(driver, "cuInit", 0);
        if (status == CUDA_ERROR_NO_DEVICE) {
            return new CudaProbe(0, "the NVIDIA driver is there, but it sees no device");
        }
        if (status != 0) {
            return new CudaProbe(0, "cuInit failed with CUDA error " + status);
        }
        MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
        status = call(driver, "cuDeviceGetCount", count);
        if (status != 0) {
            return new CudaProbe(0, "cuDeviceGetCount failed with CUDA error " + status);
        }
        int devices = count.get(ValueLayout.JAVA_INT, 0);
        return new CudaProbe(devices, devices > 0 ? "" : "the NVIDIA driver is there, but it sees no device");
    }

    private static int call(SymbolLookup driver, String function, Object argument) {
        FunctionDescriptor type = FunctionDescriptor.of(
                ValueLayout.JAVA_INT, argument instanceof MemorySegment ? ValueLayout.ADDRESS : ValueLayout.JAVA_INT);
        MemorySegment symbol = driver.find(function)
                .orElseThrow(() -> new IllegalStateException(DRIVER + " has no function " + function));
        MethodHandle handle = Linker.nativeLinker().downcallHandle(symbol, type);
        try {
            return (int) handle.invoke(argument);
        } catch (Throwable e) {
            throw new IllegalStateException("calling " + function + " of " + DRIVER + " failed", e);
        }
    }

    public boolean isAvailable() {
        return deviceCount > 0;
    }
}
