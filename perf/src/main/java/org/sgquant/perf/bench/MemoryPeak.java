package org.sgquant.perf.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.List;
import org.sgquant.tensor.HostMemory;

/** High-water marks of memory since {@link #begin}: of one measurement of the process at a time. */
final class MemoryPeak {

    private final List<MemoryPoolMXBean> heap = ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP)
            .toList();

    private MemoryPeak() {}

    static MemoryPeak begin() {
        MemoryPeak peak = new MemoryPeak();
        System.gc();
        peak.heap.forEach(MemoryPoolMXBean::resetPeakUsage);
        HostMemory.resetPeak();
        return peak;
    }

    /** Bytes of all heap pools, each at its own peak. */
    long heap() {
        return heap.stream().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum();
    }

    long offHeap() {
        return HostMemory.peakBytes();
    }
}
