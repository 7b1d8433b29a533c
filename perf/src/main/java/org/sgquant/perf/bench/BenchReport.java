package org.sgquant.perf.bench;

import java.util.List;
import java.util.Map;

/**
 * What {@code sgquant bench} found.
 *
 * @param reproduce the command that measures the same
 * @param shapes sizes of the graphs, and whether they are a dataset or generated
 * @param ceiling rates of memory alone, in the same run
 * @param checked outputs compared with the reference, {@code checkedValues} values in them
 * @param failures outputs that were wrong; they have no record
 */
record BenchReport(
        Machine machine,
        String reproduce,
        List<Shape> shapes,
        Map<String, List<KernelBench.CeilingRate>> ceiling,
        List<Peers.State> peers,
        List<BenchRecord> records,
        int checked,
        long checkedValues,
        List<KernelBench.Failure> failures,
        List<EndToEnd.Result> endToEnd,
        Scaling.Result scaling) {

    /** A graph that was measured on. */
    record Shape(String shape, String source, int nodes, int edges, int maxDegree) {}
}
