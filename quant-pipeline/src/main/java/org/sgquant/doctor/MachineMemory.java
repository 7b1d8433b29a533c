package org.sgquant.doctor;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Memory of this machine, in bytes.
 *
 * @param total of the whole machine
 * @param available to new programs, caches that can be dropped included
 * @param limit of the container that this process lives in, empty where there is none
 * @param maxHeap of this JVM; tensors lie outside of it
 */
record MachineMemory(long total, long available, OptionalLong limit, long maxHeap) {

    private static final long KIB = 1024;

    /** @param memInfo the text of {@code /proc/meminfo}, empty where there is none */
    static MachineMemory of(String memInfo) {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        // Java sees what the container may have.
        long granted = system.getTotalMemorySize();
        long total = bytes(memInfo, "MemTotal").orElse(granted);
        return new MachineMemory(
                total,
                bytes(memInfo, "MemAvailable").orElse(system.getFreeMemorySize()),
                granted < total ? OptionalLong.of(granted) : OptionalLong.empty(),
                Runtime.getRuntime().maxMemory());
    }

    private static OptionalLong bytes(String memInfo, String name) {
        Matcher line = Pattern.compile("(?m)^" + name + ":\\s+(\\d{1,15}) kB").matcher(memInfo);
        return line.find() ? OptionalLong.of(KIB * Long.parseLong(line.group(1))) : OptionalLong.empty();
    }

    Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("memoryTotalBytes", total);
        facts.put("memoryFreeBytes", available);
        facts.put("memoryLimitBytes", limit.isPresent() ? limit.getAsLong() : null);
        facts.put("maxHeapBytes", maxHeap);
        return facts;
    }
}
