package org.sgquant.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Collectors;

/** The live allocations of one device by address: what a segment may reach, and who holds how much. */
final class Allocations {

    private record Allocation(long bytes, String purpose) {}

    private final ConcurrentSkipListMap<Long, Allocation> byAddress = new ConcurrentSkipListMap<>();

    void add(long address, long bytes, String purpose) {
        byAddress.put(address, new Allocation(bytes, purpose));
    }

    void remove(long address) {
        byAddress.remove(address);
    }

    /** Whether all bytes of {@code segment} lie in one live allocation. */
    boolean contains(MemorySegment segment) {
        Map.Entry<Long, Allocation> below = byAddress.floorEntry(segment.address());
        return below != null
                && segment.address() - below.getKey() <= below.getValue().bytes() - segment.byteSize();
    }

    /** Bytes by purpose, largest first, as in {@code graph 0.6 GiB, plan 0.2 GiB}. */
    String held() {
        Map<String, Long> byPurpose = new TreeMap<>();
        byAddress.values().forEach(allocation -> byPurpose.merge(allocation.purpose(), allocation.bytes(), Long::sum));
        return byPurpose.isEmpty()
                ? "nothing"
                : byPurpose.entrySet().stream()
                        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                        .map(entry -> entry.getKey() + " " + ByteCount.format(entry.getValue()))
                        .collect(Collectors.joining(", "));
    }
}
