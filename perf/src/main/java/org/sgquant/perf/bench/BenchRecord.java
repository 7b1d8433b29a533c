package org.sgquant.perf.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One kernel at one width on one graph by one library on so many threads.
 *
 * @param features columns of the operand that is summed, multiplied or packed
 * @param spreadMs from the 10th to the 90th percentile
 * @param gbps 1e9 bytes per second by the traffic formula of the kernel; for a peer, what the same work takes with us
 * @param ratioFp32 our median at 32 bits over this one, null where 32 bits were not measured
 * @param peer the library, null for sgquant
 * @param ceiling {@code gather}: the same rows read in lines and nothing else; {@code stream}: memory read in order; null
 *     for {@code gemm} and {@code gemm-codes}, which arithmetic bounds
 * @param percentOfCeiling of the time that a gather takes, or of the rate of the stream
 */
record BenchRecord(
        String kernel,
        int bits,
        String shape,
        int features,
        int threads,
        double medianMs,
        double spreadMs,
        double gbps,
        Double ratioFp32,
        String peer,
        String ceiling,
        Double percentOfCeiling) {

    static List<String> columns() {
        return BenchTables.names(BenchRecord.class);
    }

    /** Column by column as tables have it; nothing for null. */
    Map<String, String> cells() {
        Map<String, String> cells = new LinkedHashMap<>();
        cells.put("kernel", kernel);
        cells.put("bits", String.valueOf(bits));
        cells.put("shape", shape);
        cells.put("features", String.valueOf(features));
        cells.put("threads", String.valueOf(threads));
        cells.put("medianMs", Numbers.text(medianMs));
        cells.put("spreadMs", Numbers.text(spreadMs));
        cells.put("gbps", Numbers.text(gbps));
        cells.put("ratioFp32", Numbers.text(ratioFp32));
        cells.put("peer", peer == null ? "" : peer);
        cells.put("ceiling", ceiling == null ? "" : ceiling);
        cells.put("percentOfCeiling", Numbers.text(percentOfCeiling));
        return cells;
    }
}
