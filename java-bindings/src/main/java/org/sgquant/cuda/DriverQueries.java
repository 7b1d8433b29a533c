package org.sgquant.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Optional;
import jcuda.driver.CUresult;

/** Questions to the CUDA driver that do without JCuda, so that one may be asked where the other does not load. */
final class DriverQueries {

    static final String LIBRARY = "libcuda.so.1";

    private final SymbolLookup library;

    private DriverQueries(SymbolLookup library) {
        this.library = library;
    }

    /** The driver of this machine, empty where it cannot be loaded. */
    static Optional<DriverQueries> open() {
        if (NativeAccess.denial().isPresent()) {
            return Optional.empty();
        }
        try {
            // For good, as CudaProbe does.
            return Optional.of(new DriverQueries(SymbolLookup.libraryLookup(LIBRARY, Arena.global())));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The address of {@code function}, empty where the driver lacks it. */
    Optional<MemorySegment> find(String function) {
        return library.find(function);
    }

    /**
     * Calls {@code function} with ints, longs and pointers.
     *
     * @throws CudaUnavailableException where it is missing or does not return 0
     */
    void call(String function, Object... arguments) {
        require(function, status(function, arguments));
    }

    /** @throws CudaUnavailableException where {@code status}, which {@code function} returned, is not 0 */
    static void require(String function, int status) {
        if (status != CUresult.CUDA_SUCCESS) {
            // The driver's own sentence about it would take JCuda.
            throw new CudaUnavailableException(function + " failed: " + CUresult.stringFor(status));
        }
    }

    /** What {@code function} returns. */
    int status(String function, Object... arguments) {
        MemoryLayout[] layouts = new MemoryLayout[arguments.length];
        Object[] values = new Object[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            layouts[i] = arguments[i] instanceof Integer ? JAVA_INT : JAVA_LONG;
            values[i] = arguments[i] instanceof MemorySegment pointer ? pointer.address() : arguments[i];
        }
        MemorySegment address = find(function)
                .orElseThrow(() -> new CudaUnavailableException(LIBRARY + " has no function " + function));
        try {
            return (int) Linker.nativeLinker()
                    .downcallHandle(address, FunctionDescriptor.of(JAVA_INT, layouts))
                    .invokeWithArguments(values);
        } catch (Throwable e) {
            throw new IllegalStateException("calling " + function + " failed", e);
        }
    }
}
