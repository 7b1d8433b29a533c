package org.sgquant.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import jcuda.driver.JCudaDriver;

/**
 * The calls that happen once per kernel, made by the foreign function interface: some tens of nanoseconds each and no
 * allocation, where JCuda spends half a microsecond on every kernel argument.
 *
 * <p>Initialized once {@link CudaProbe} has found a device; loading the class loads JCuda's native library too.
 */
final class CudaDriver {

    private static final SymbolLookup LIBRARY = SymbolLookup.libraryLookup("libcuda.so.1", Arena.global());
    private static final MethodHandle LAUNCH_KERNEL = function(
            "cuLaunchKernel",
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    private static final MethodHandle LAUNCH_GRAPH = function("cuGraphLaunch", JAVA_LONG, JAVA_LONG);
    private static final MethodHandle SET_CONTEXT = function("cuCtxSetCurrent", JAVA_LONG);

    static {
        // Statuses are checked call by call.
        NativeLibraries.load(() -> JCudaDriver.setExceptionsEnabled(false));
    }

    private CudaDriver() {}

    /**
     * Loads everything.
     *
     * @throws LinkageError if a library cannot be loaded
     */
    static void load() {
        // Initializing the class did it.
    }

    static int launchKernel(
            long function, int gridX, int gridY, int gridZ, int block, int sharedBytes, long stream, long arguments) {
        try {
            return (int) LAUNCH_KERNEL.invokeExact(
                    function, gridX, gridY, gridZ, block, 1, 1, sharedBytes, stream, arguments, 0L);
        } catch (Throwable e) {
            throw new IllegalStateException("calling cuLaunchKernel failed", e);
        }
    }

    static int launchGraph(long graph, long stream) {
        try {
            return (int) LAUNCH_GRAPH.invokeExact(graph, stream);
        } catch (Throwable e) {
            throw new IllegalStateException("calling cuGraphLaunch failed", e);
        }
    }

    static int setContext(long context) {
        try {
            return (int) SET_CONTEXT.invokeExact(context);
        } catch (Throwable e) {
            throw new IllegalStateException("calling cuCtxSetCurrent failed", e);
        }
    }

    private static MethodHandle function(String name, MemoryLayout... arguments) {
        return Linker.nativeLinker()
                .downcallHandle(LIBRARY.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
    }
}
