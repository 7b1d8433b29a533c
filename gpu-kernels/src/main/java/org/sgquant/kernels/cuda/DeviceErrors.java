package org.sgquant.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.sgquant.cuda.CudaStream;
import org.sgquant.cuda.DeviceMemory;
import org.sgquant.cuda.PinnedMemory;
import org.sgquant.kernels.NonFiniteException;

/**
 * The word in device memory in which kernels leave the first thing they found wrong, and what it means.
 *
 * <p>Layout: {@code site << 48 | element * 4 + kind}, all ones while nothing is wrong; kernels keep the least. A site
 * is a call with its operands' names, numbered when first made, so that a recorded launch carries a plain number.
 */
final class DeviceErrors {

    private static final int SITE_SHIFT = 48;
    private static final int MAX_SITES = 1 << 15;
    private static final long NONE = -1;

    private final CudaStream stream;
    private final MemorySegment word;
    private final MemorySegment detail;
    private final MemorySegment onHost;
    private final Map<Object, Integer> numbers = new HashMap<>();
    private final List<ErrorSite> sites = new ArrayList<>();

    DeviceErrors(CudaStream stream, DeviceMemory memory, PinnedMemory pinned) {
        this.stream = stream;
        this.word = memory.allocate(Long.BYTES);
        this.detail = memory.allocate(Long.BYTES);
        this.onHost = pinned.allocate(Long.BYTES);
        stream.fill(word, (byte) -1, Long.BYTES);
    }

    MemorySegment word() {
        return word;
    }

    /** A second word for what a site has to tell beyond its element; 0 until a kernel writes it and after every check. */
    MemorySegment detail() {
        return detail;
    }

    /** What kernels left in {@link #detail}. */
    long readDetail() {
        stream.copyToHost(detail, onHost, Long.BYTES);
        return onHost.get(JAVA_LONG, 0);
    }

    /** Number of the site of {@code key}; equal keys stand for equal sites. */
    int site(Object key, ErrorSite site) {
        return numbers.computeIfAbsent(key, k -> {
            if (sites.size() == MAX_SITES) {
                throw new IllegalStateException("more than " + MAX_SITES + " kinds of calls on one backend");
            }
            sites.add(site);
            return sites.size() - 1;
        });
    }

    /** Site of a finite check of the tensor {@code name} with {@code cols} columns. */
    int nonFinite(String name, int cols) {
        return site(
                List.of("finite", name, cols),
                (element, kind) -> new NonFiniteException(
                        name, (int) (element / cols), (int) (element % cols), ErrorSite.value(kind)));
    }

    /** Waits for the stream and throws what its kernels found; the word is clean again afterwards. */
    void check() {
        stream.copyToHost(word, onHost, Long.BYTES);
        long found = onHost.get(JAVA_LONG, 0);
        if (found == NONE) {
            return;
        }
        stream.fill(word, (byte) -1, Long.BYTES);
        ErrorSite site = sites.get((int) (found >>> SITE_SHIFT));
        long place = found & ((1L << SITE_SHIFT) - 1);
        RuntimeException wrong = site.at(place >>> 2, (int) (place & 3));
        // Left by whatever else was wrong, too: the next error must not find it.
        stream.fill(detail, (byte) 0, Long.BYTES);
        throw wrong;
    }
}
