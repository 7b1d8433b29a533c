package org.sgquant.perf.bench;

import java.lang.management.ManagementFactory;
import java.util.Map;
import org.sgquant.cli.Version;
import org.sgquant.doctor.Doctor;

/**
 * What was measured on.
 *
 * @param backend what computed, with the width of its vectors
 * @param loadBefore mean number of busy threads in the minute before, null where the system does not tell
 */
record Machine(
        String processor,
        int cores,
        Long memoryBytes,
        String instructionSets,
        String os,
        String jdk,
        String version,
        String backend,
        Double loadBefore) {

    static Machine of(String backend) {
        Map<String, Object> facts = Doctor.processor().facts();
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return new Machine(
                String.valueOf(facts.get("model")),
                Runtime.getRuntime().availableProcessors(),
                facts.get("memoryTotalBytes") instanceof Long bytes ? bytes : null,
                String.valueOf(facts.get("instructionSets")),
                System.getProperty("os.name") + " " + System.getProperty("os.arch"),
                Runtime.version().toString(),
                Version.text(),
                backend,
                load < 0 ? null : Numbers.rounded(load, 2));
    }

    /** In one line. */
    String line() {
        return "%s, %d cores, %s, JDK %s, sgquant %s, %s%s"
                .formatted(
                        processor,
                        cores,
                        os,
                        jdk,
                        version,
                        backend,
                        loadBefore == null ? "" : ", load before " + loadBefore);
    }
}
