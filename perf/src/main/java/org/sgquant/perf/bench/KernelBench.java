package org.sgquant.perf.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.sgquant.kernels.Backend;
import org.sgquant.perf.peer.PeerRun;
import org.sgquant.perf.peer.PeerSession;
import org.sgquant.perf.workload.GraphOperands;
import org.sgquant.perf.workload.GraphPart;
import org.sgquant.perf.workload.Kernel;
import org.sgquant.perf.workload.Operation;
import org.sgquant.perf.workload.SampledRows;
import org.sgquant.perf.workload.WrongResultException;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;

/**
 * Kernels at every width on graphs of one number of features: each compared with the reference in some rows, then all
 * timed in turns, with ceilings and peers among them.
 */
final class KernelBench {

    /** What is to be measured. */
    record Selection(List<Kernel> kernels, List<Integer> bits, List<Integer> features, List<Integer> threads) {}

    /** An output that is not that of the reference; it has no record. */
    record Failure(String kernel, int bits, String shape, int features, int threads, String peer, String message) {

        String sentence() {
            return "%s at %d bits on %s (features %d, threads %d) by %s: %s"
                    .formatted(kernel, bits, shape, features, threads, peer == null ? "sgquant" : peer, message);
        }
    }

    /**
     * Rates of the stream and of every gather, in 1e9 bytes per second.
     *
     * @param by what reads: Java, or C++ for an instruction set
     * @param inCache whether the matrix that is gathered from fits the last-level cache, null for a stream or where the
     *     system does not tell
     */
    record CeilingRate(
            String kind,
            String by,
            String shape,
            Integer rowBytes,
            int threads,
            Boolean inCache,
            double medianMs,
            double spreadMs,
            double gbps) {}

    private final Selection selection;
    private final Rounds rounds;
    private final List<PeerOn> peers;
    private final Findings findings;
    private final Map<Integer, Backend> backends = new LinkedHashMap<>();

    final List<BenchRecord> records = new ArrayList<>();
    final List<CeilingRate> ceilings = new ArrayList<>();
    /** Outputs that were compared with the reference, and values in them. */
    int checked;

    long checkedValues;

    /** A library on so many threads. */
    record PeerOn(String name, int threads, PeerSession session) {

        /** {@code what} on its threads, in words. */
        String doing(String what) {
            return "%s (threads %d)".formatted(what, threads);
        }
    }

    /** A record to be: who ran what. */
    private record Key(Kernel kernel, int bits, int threads, String peer) {

        String words() {
            return "%s at %d bits (threads %d)".formatted(kernel.word(), bits, threads);
        }
    }

    private record Opened(String peer, PeerRun run) {}

    KernelBench(
            Selection selection, Rounds rounds, IntFunction<Backend> backend, List<PeerOn> peers, Findings findings) {
        this.selection = selection;
        this.rounds = rounds;
        this.peers = peers;
        this.findings = findings;
        selection.threads().forEach(threads -> backends.put(threads, backend.apply(threads)));
    }

    /** Of the most threads. */
    String backendDescription() {
        return backends.get(Collections.max(backends.keySet())).description();
    }

    /** Measures on {@code graph}; closes nothing of it. */
    void run(BenchGraphs.Opened graph) {
        for (int features : selection.features()) {
            try (SampledRows sampled = new SampledRows(graph.graph());
                    HostMemory memory = new HostMemory();
                    OneMatrix one = new OneMatrix(graph, features, sampled, memory)) {
                one.run();
            }
        }
    }

    void close() {
        backends.values().forEach(Backend::close);
    }

    /** Everything on one graph with one number of features. */
    private final class OneMatrix implements AutoCloseable {

        private final BenchGraphs.Opened graph;
        private final int features;
        private final SampledRows sampled;
        private final GraphOperands operands;
        private final List<Opened> peerRuns = new ArrayList<>();
        private final Map<Key, Timed> timed = new LinkedHashMap<>();
        private final CeilingRuns ceiling;

        OneMatrix(BenchGraphs.Opened graph, int features, SampledRows sampled, HostMemory memory) {
            this.graph = graph;
            this.features = features;
            this.sampled = sampled;
            Backend first = backends.values().iterator().next();
            operands = GraphOperands.of(first, memory, GraphPart.whole(graph.graph()), graph.graph(), features);
            ceiling = new CeilingRuns(graph.graph(), selection.threads(), rowBytes());
        }

        private List<Integer> rowBytes() {
            return selection.kernels().stream().anyMatch(Kernel::gathers)
                    ? selection.bits().stream()
                            .map(bits -> Kernel.rowBytes(bits, features))
                            .distinct()
                            .toList()
                    : List.of();
        }

        void run() {
            for (Kernel kernel : selection.kernels()) {
                for (int bits : selection.bits()) {
                    check(kernel, bits);
                }
            }
            List<Timed> all = new ArrayList<>(timed.values());
            all.addAll(ceiling.all());
            rounds.run(all);
            ceilings.addAll(ceiling.rates(graph.name()));
            timed.forEach((key, times) -> {
                if (times.failure() == null) {
                    records.add(record(key, times));
                } else {
                    findings.cannot(key.peer(), key.words(), times.failure());
                }
            });
        }

        /** Compares every result with the reference; those that are right are to be timed. */
        private void check(Kernel kernel, int bits) {
            Operation operation = kernel.at(bits);
            SampledRows.Expected expected = sampled.expected(operation, features);
            backends.forEach((threads, backend) -> {
                Operation.Prepared prepared = operation.prepare().apply(operands.on(backend));
                Timed timing = new Timed(prepared.calls());
                add(new Key(kernel, bits, threads, null), operation.sums(), expected, prepared, timing, () -> {});
            });
            Operation.Prepared shared = operation.prepare().apply(operands);
            Operation.Sums sums = bits == 32 ? operation.sums() : Operation.Sums.OVER_EDGES;
            for (PeerOn peer : peers) {
                Key key = new Key(kernel, bits, peer.threads(), peer.name());
                try {
                    PeerOperation.of(peer.session(), kernel, bits, operands, shared.out())
                            .ifPresent(run -> {
                                peerRuns.add(new Opened(peer.name(), run));
                                add(key, sums, expected, shared, Timed.of(run), run::fetch);
                            });
                } catch (RuntimeException e) {
                    findings.cannot(peer.name(), key.words(), e);
                }
            }
        }

        private void add(
                Key key,
                Operation.Sums sums,
                SampledRows.Expected expected,
                Operation.Prepared prepared,
                Timed timing,
                Runnable fetch) {
            FloatMatrix out = prepared.out();
            // Operations share results: what one leaves must not pass for the next one's. All bits set is NaN.
            out.data().fill((byte) -1);
            timing.once();
            if (timing.failure() != null) {
                throw timing.failure();
            }
            fetch.run();
            prepared.read().run();
            checked++;
            checkedValues += expected.count();
            try {
                expected.worstError(sums, out, operands.backend());
                timed.put(key, timing);
            } catch (WrongResultException e) {
                findings.failures.add(new Failure(
                        key.kernel().word(),
                        key.bits(),
                        graph.name(),
                        features,
                        key.threads(),
                        key.peer(),
                        e.getMessage()));
            }
        }

        private BenchRecord record(Key key, Timed times) {
            double median = times.median();
            Timed fp32 = timed.get(new Key(key.kernel(), 32, key.threads(), null));
            double bytes = key.kernel()
                    .bytes(key.bits(), graph.graph().numRows(), graph.graph().numEdges(), features);
            double rate = bytes / median / 1e6;
            boolean gathers = key.kernel().gathers();
            String bound = gathers
                    ? "gather"
                    : key.kernel() == Kernel.GEMM || key.kernel() == Kernel.GEMM_CODES ? null : "stream";
            Double share = gathers
                    ? Double.valueOf(ceiling.gatherMs(key.threads(), Kernel.rowBytes(key.bits(), features)) / median)
                    : bound == null ? null : Double.valueOf(rate / ceiling.streamRate(key.threads()));
            return new BenchRecord(
                    key.kernel().word(),
                    key.bits(),
                    graph.name(),
                    features,
                    key.threads(),
                    Numbers.rounded(median, 4),
                    Numbers.rounded(times.spread(), 4),
                    Numbers.rounded(rate, 2),
                    fp32 == null ? null : Numbers.rounded(fp32.median() / median, 3),
                    key.peer(),
                    bound,
                    share == null ? null : Numbers.rounded(100 * share, 1));
        }

        @Override
        public void close() {
            peerRuns.reversed().forEach(opened -> findings.close(opened.peer(), opened.run()));
            ceiling.close();
        }
    }
}
