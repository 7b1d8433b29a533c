package org.sgquant.tensor;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Pages of 2 MiB for large memory, where Linux has them: rows gathered from all over a matrix then find their place in
 * memory without a walk through page tables, which at pages of 4 KiB costs more than the rows themselves.
 *
 * <p>Only a hint: elsewhere, and where native access is denied, memory stays as it is.
 */
final class HugePages {

    /** What processors translate by pages of 4 KiB without a walk, about: below it larger ones gain nothing. */
    static final long LEAST_BYTES = 4L << 20;

    /** Advice of {@code sys/mman.h}, the same on x86-64 and AArch64. */
    private static final int DONT_NEED = 4;

    private static final int HUGE_PAGE = 14;

    /** The largest of the ordinary pages that systems are built with. */
    private static final long PAGE = 64L << 10;

    /** {@code int madvise(void *, size_t, int)}, null where there is none to call. */
    private static final MethodHandle ADVISE = advise();

    private HugePages() {}

    private static MethodHandle advise() {
        if (!System.getProperty("os.name").equals("Linux")) {
            return null;
        }
        Linker linker = Linker.nativeLinker();
        MemorySegment address = linker.defaultLookup().find("madvise").orElse(null);
        try {
            return address == null
                    ? null
                    : linker.downcallHandle(address, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
        } catch (IllegalCallerException e) {
            // Java's options deny native access, as `doctor` tells: a hint that cannot be given is not missed.
            return null;
        }
    }

    /** Asks for such pages for {@code segment}, whose bytes are all 0 and stay so. */
    static void request(MemorySegment segment) {
        if (ADVISE == null || segment.byteSize() < LEAST_BYTES) {
            return;
        }
        long from = (segment.address() + PAGE - 1) & -PAGE;
        long to = (segment.address() + segment.byteSize()) & -PAGE;
        MemorySegment pages = segment.asSlice(from - segment.address(), to - from);
        try {
            // Zeros have been written already, to small pages: given back, these are zeros again when touched, of a
            // large one.
            if ((int) ADVISE.invokeExact(pages, to - from, HUGE_PAGE) == 0) {
                int ignored = (int) ADVISE.invokeExact(pages, to - from, DONT_NEED);
            }
        } catch (Throwable e) {
            throw new AssertionError("madvise throws nothing", e);
        }
    }
}
