package org.sgquant.perf.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.sgquant.kernels.cpu.CpuKernels;
import org.sgquant.kernels.cpu.Workers;
import org.sgquant.kernels.cpu.Yardsticks;
import org.sgquant.tensor.CsrGraph;

/** Ceilings of one graph at several row sizes and thread counts, to be timed among the kernels. */
final class CeilingRuns implements AutoCloseable {

    private record Gather(int threads, int rowBytes) {}

    private final CsrGraph graph;
    private final Ceiling ceiling;
    private final List<Workers> pools = new ArrayList<>();
    private final Map<Integer, Timed> streams = new LinkedHashMap<>();
    /** Forms of each gather, of which the fastest one is the ceiling. */
    private final Map<Gather, List<Timed>> gathers = new LinkedHashMap<>();

    private final CpuKernels kernels = CpuKernels.chosen();

    CeilingRuns(CsrGraph graph, List<Integer> threadCounts, List<Integer> rowBytes) {
        this.graph = graph;
        int widest = rowBytes.stream().mapToInt(bytes -> bytes).max().orElse(0);
        ceiling = new Ceiling(graph.numCols(), widest);
        for (int threads : threadCounts) {
            Workers workers = new Workers(threads);
            pools.add(workers);
            streams.put(threads, new Timed(ceiling.stream(workers)));
            for (int bytes : rowBytes) {
                gathers.put(
                        new Gather(threads, bytes),
                        forms(workers, bytes).map(Timed::new).toList());
            }
        }
    }

    /** In C++ where sums are in C++, since only there rows are fetched ahead. */
    private Stream<Runnable> forms(Workers workers, int bytes) {
        return kernels == CpuKernels.JAVA
                ? Stream.of(false, true).map(pairs -> ceiling.gather(workers, graph, bytes, pairs))
                : Stream.of(ceiling.gather(workers, graph, bytes, new Yardsticks(kernels)));
    }

    private static Timed fastest(List<Timed> forms) {
        return Collections.min(forms, Comparator.comparingDouble(Timed::median));
    }

    List<Timed> all() {
        List<Timed> all = new ArrayList<>(streams.values());
        gathers.values().forEach(all::addAll);
        return all;
    }

    double gatherMs(int threads, int rowBytes) {
        return fastest(gathers.get(new Gather(threads, rowBytes))).median();
    }

    /** In 1e9 bytes per second. */
    double streamRate(int threads) {
        return Ceiling.STREAMED / streams.get(threads).median() / 1e6;
    }

    List<KernelBench.CeilingRate> rates(String shape) {
        List<KernelBench.CeilingRate> rates = new ArrayList<>();
        streams.forEach((threads, times) ->
                rates.add(rate("stream", CpuKernels.JAVA, shape, null, threads, times, Ceiling.STREAMED)));
        gathers.forEach((of, forms) -> rates.add(rate(
                "gather",
                kernels,
                shape,
                of.rowBytes(),
                of.threads(),
                fastest(forms),
                (4.0 + of.rowBytes()) * graph.numEdges())));
        return rates;
    }

    private KernelBench.CeilingRate rate(
            String kind, CpuKernels by, String shape, Integer rowBytes, int threads, Timed times, double bytes) {
        return new KernelBench.CeilingRate(
                kind,
                by.description(),
                shape,
                rowBytes,
                threads,
                rowBytes == null ? null : LastLevelCache.holds((long) rowBytes * graph.numCols()),
                Numbers.rounded(times.median(), 4),
                Numbers.rounded(times.spread(), 4),
                Numbers.rounded(bytes / times.median() / 1e6, 2));
    }

    @Override
    public void close() {
        pools.forEach(Workers::close);
        ceiling.close();
    }
}
