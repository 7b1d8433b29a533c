package org.sgquant.cuda;

import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What this process has asked of its CUDA devices since it started; for tests that state what must not happen. */
public final class CudaCounters {

    static final LongAdder COPIES_TO_HOST = new LongAdder();
    static final LongAdder COPIES_TO_DEVICE = new LongAdder();
    static final LongAdder GRAPH_LAUNCHES = new LongAdder();
    private static final ConcurrentHashMap<String, LongAdder> LAUNCHES = new ConcurrentHashMap<>();

    private CudaCounters() {}

    public static long copiesToHost() {
        return COPIES_TO_HOST.sum();
    }

    public static long copiesToDevice() {
        return COPIES_TO_DEVICE.sum();
    }

    public static long graphLaunches() {
        return GRAPH_LAUNCHES.sum();
    }

    /** Launches of one kernel; a launch recorded into a graph counts once, when it is recorded. */
    public static long launches(String kernel) {
        LongAdder count = LAUNCHES.get(kernel);
        return count == null ? 0 : count.sum();
    }

    /** Names of the kernels launched or recorded at least once, in alphabetical order. */
    public static Set<String> launchedKernels() {
        Set<String> names = new TreeSet<>();
        LAUNCHES.forEach((name, count) -> {
            if (count.sum() > 0) {
                names.add(name);
            }
        });
        return names;
    }

    static LongAdder launchesOf(String kernel) {
        return LAUNCHES.computeIfAbsent(kernel, name -> new LongAdder());
    }
}
