package org.sgquant.perf.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sgquant.kernels.cpu.Workers;
import org.sgquant.tensor.CsrGraph;

/** Ceilings of one graph at several row sizes and thread counts, to be timed among the kernels. */
final class CeilingRuns implements AutoCloseable {

    private record Gather(int threads, int rowBytes) {}

    /** Both forms of a gather, of which the faster one is the ceiling. */
    private record Forms(Timed single, Timed pairs) {

        Timed faster() {
            return single.median() <= pairs.median() ? single : pairs;
        }
    }

    private final CsrGraph graph;
    private final Ceiling ceiling;
    private final List<Workers> pools = new ArrayList<>();
    private final Map<Integer, Timed> streams = new LinkedHashMap<>();
    private final Map<Gather, Forms> gathers = new LinkedHashMap<>();

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
                        new Forms(
                                new Timed(ceiling.gather(workers, graph, bytes, false)),
                                new Timed(ceiling.gather(workers, graph, bytes, true))));
            }
        }
    }

    List<Timed> all() {
        List<Timed> all = new ArrayList<>(streams.values());
        gathers.values().forEach(forms -> all.addAll(List.of(forms.single(), forms.pairs())));
        return all;
    }

    double gatherMs(int threads, int rowBytes) {
        return gathers.get(new Gather(threads, rowBytes)).faster().median();
    }

    /** In 1e9 bytes per second. */
    double streamRate(int threads) {
        return Ceiling.STREAMED / streams.get(threads).median() / 1e6;
    }

    List<KernelBench.CeilingRate> rates(String shape) {
        List<KernelBench.CeilingRate> rates = new ArrayList<>();
        streams.forEach((threads, times) -> rates.add(rate("stream", shape, null, threads, times, Ceiling.STREAMED)));
        gathers.forEach((of, forms) -> rates.add(rate(
                "gather",
                shape,
                of.rowBytes(),
                of.threads(),
                forms.faster(),
                (4.0 + of.rowBytes()) * graph.numEdges())));
        return rates;
    }

    private KernelBench.CeilingRate rate(
            String kind, String shape, Integer rowBytes, int threads, Timed times, double bytes) {
        return new KernelBench.CeilingRate(
                kind,
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
