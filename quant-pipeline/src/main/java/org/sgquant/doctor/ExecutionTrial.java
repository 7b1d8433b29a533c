package org.sgquant.doctor;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tries what the system's loader does with a library: mapping a file so that it may be executed. */
final class ExecutionTrial {

    private static final int PAGE = 4096;
    private static final int READ_ONLY = 0;
    private static final int PROT_READ_EXEC = 1 | 4;
    private static final int MAP_PRIVATE = 2;
    private static final long MAP_FAILED = -1;

    private ExecutionTrial() {}

    /** Whether this system has the calls, which Windows has not. */
    static boolean isPossible() {
        return Linker.nativeLinker().defaultLookup().find("mmap").isPresent();
    }

    /** Whether a new file in {@code folder} can be mapped for execution. */
    static boolean succeedsIn(Path folder) {
        try {
            Path file = Files.createTempFile(folder, "sgquant-doctor-", ".so");
            try {
                Files.write(file, new byte[PAGE]);
                return maps(file);
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(folder + " takes no file", e);
        }
    }

    private static boolean maps(Path file) {
        try (Arena arena = Arena.ofConfined()) {
            Linker.Option variadic = Linker.Option.firstVariadicArg(2);
            int descriptor = (int) Linker.nativeLinker()
                    .downcallHandle(find("open"), FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), variadic)
                    .invokeExact(arena.allocateFrom(file.toString()), READ_ONLY);
            if (descriptor < 0) {
                throw new IllegalStateException(file + " cannot be opened");
            }
            MemorySegment mapped = (MemorySegment) Linker.nativeLinker()
                    .downcallHandle(
                            find("mmap"),
                            FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG))
                    .invokeExact(MemorySegment.NULL, (long) PAGE, PROT_READ_EXEC, MAP_PRIVATE, descriptor, 0L);
            int closed = (int) Linker.nativeLinker()
                    .downcallHandle(find("close"), FunctionDescriptor.of(JAVA_INT, JAVA_INT))
                    .invokeExact(descriptor);
            if (mapped.address() == MAP_FAILED) {
                return false;
            }
            int unmapped = (int) Linker.nativeLinker()
                    .downcallHandle(find("munmap"), FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG))
                    .invokeExact(mapped, (long) PAGE);
            if (closed != 0 || unmapped != 0) {
                throw new IllegalStateException(file + " cannot be given back");
            }
            return true;
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("calling the system failed", e);
        }
    }

    private static MemorySegment find(String function) {
        return Linker.nativeLinker().defaultLookup().findOrThrow(function);
    }
}
