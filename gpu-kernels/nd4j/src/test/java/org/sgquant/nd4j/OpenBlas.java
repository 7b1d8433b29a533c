package org.sgquant.nd4j;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;

/** What the OpenBLAS that ND4J has loaded says of itself. */
final class OpenBlas {

    private OpenBlas() {}

    static int threads() throws Throwable {
        return (int) Linker.nativeLinker()
                .downcallHandle(
                        library().findOrThrow("openblas_get_num_threads"), FunctionDescriptor.of(ValueLayout.JAVA_INT))
                .invokeExact();
    }

    static String core() throws Throwable {
        MemorySegment name = (MemorySegment) Linker.nativeLinker()
                .downcallHandle(
                        library().findOrThrow("openblas_get_corename"), FunctionDescriptor.of(ValueLayout.ADDRESS))
                .invokeExact();
        return name.reinterpret(Long.MAX_VALUE).getString(0);
    }

    /** The linker finds a library of this name that the process has already loaded from elsewhere. */
    private static SymbolLookup library() {
        return SymbolLookup.libraryLookup("libopenblas.so.0", Arena.global());
    }
}
