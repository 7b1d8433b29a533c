package org.sgquant.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * The system's loader on Linux: {@code dlopen} and what belongs to it.
 *
 * <p>Unlike the JVM's own ways it takes names with a version, says why a library cannot be loaded, where it lies and
 * which version node its functions have. A library opened here serves every later one that needs its SONAME.
 */
public final class DynamicLoader {

    /** Functions are looked up when they are first called, and only by who asks for this library. */
    private static final int RTLD_LAZY = 1;

    private static final long POINTER = ADDRESS.byteSize();
    private static final long MAX_TEXT = 1 << 16;

    private static final MethodHandle OPEN = function("dlopen", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
    private static final MethodHandle CLOSE = function("dlclose", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    private static final MethodHandle ERROR = function("dlerror", FunctionDescriptor.of(ADDRESS));
    private static final MethodHandle SYMBOL = function("dlsym", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
    private static final MethodHandle VERSIONED_SYMBOL =
            function("dlvsym", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS, ADDRESS));
    private static final MethodHandle WHERE = function("dladdr", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));

    private DynamicLoader() {}

    /** A library that the loader refuses; the message is the loader's. */
    public static final class RefusedException extends Exception {
        RefusedException(String reason) {
            super(reason);
        }
    }

    /** An open library; it stays open unless {@link #close} takes it back. */
    public record Library(MemorySegment handle) {

        /** The address of function {@code name}, null where there is none. */
        public MemorySegment find(String name) {
            try (Arena arena = Arena.ofConfined()) {
                return orNull(pointer(SYMBOL, handle, arena.allocateFrom(name)));
            }
        }

        /** As {@link #find}, of version {@code node}; a library without any version has every version. */
        MemorySegment find(String name, String node) {
            try (Arena arena = Arena.ofConfined()) {
                return orNull(pointer(VERSIONED_SYMBOL, handle, arena.allocateFrom(name), arena.allocateFrom(node)));
            }
        }

        void close() {
            call(CLOSE, handle);
        }
    }

    /** @param file a path, or a name that the system's loader looks for */
    public static Library open(String file) throws RefusedException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(file);
            MemorySegment handle;
            MemorySegment error;
            try {
                handle = (MemorySegment) OPEN.invokeExact(name, RTLD_LAZY);
                error = (MemorySegment) ERROR.invokeExact();
            } catch (Throwable e) {
                throw new IllegalStateException("calling dlopen failed", e);
            }
            if (handle.address() == 0) {
                throw new RefusedException(text(error));
            }
            return new Library(handle);
        }
    }

    /** The file that holds the function at {@code address}. */
    static Path fileOf(MemorySegment address) {
        try (Arena arena = Arena.ofConfined()) {
            // Dl_info: file, base, name of the nearest symbol and its address.
            MemorySegment facts = arena.allocate(4 * POINTER, POINTER);
            if (call(WHERE, address, facts) == 0) {
                throw new IllegalStateException("no library holds the address " + address.address());
            }
            return Path.of(text(facts.get(ADDRESS, 0)));
        }
    }

    private static int call(MethodHandle function, Object... arguments) {
        try {
            return (int) function.invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException("calling the system's loader failed", e);
        }
    }

    private static MemorySegment pointer(MethodHandle function, Object... arguments) {
        try {
            return (MemorySegment) function.invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException("calling the system's loader failed", e);
        }
    }

    private static MemorySegment orNull(MemorySegment address) {
        return address.address() == 0 ? null : address;
    }

    private static String text(MemorySegment address) {
        return address.reinterpret(MAX_TEXT).getString(0);
    }

    private static MethodHandle function(String name, FunctionDescriptor type) {
        return Linker.nativeLinker()
                .downcallHandle(Linker.nativeLinker().defaultLookup().findOrThrow(name), type);
    }
}
