package org.sgquant.perf.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.sgquant.data.Dataset;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.perf.peer.Peer;
import org.sgquant.perf.peer.PeerSession;
import org.sgquant.perf.workload.GraphShape;
import org.sgquant.perf.workload.Kernel;

/** One run of {@code sgquant bench}: kernels, then what else was asked for. */
final class BenchRun {

    /** Until a run without options should have ended; reading, checking and the least rounds keep to no time. */
    private static final double BRIEF_SECONDS = 42;

    private static final double END_TO_END_SHARE = 0.4;

    private final BenchOptions options;
    private final BenchGraphs graphs;
    private final IntFunction<Backend> backend;
    private final List<Peer> allPeers;
    private final Consumer<String> note;

    private final List<Peers.State> peerStates = new ArrayList<>();
    private final List<BenchReport.Shape> shapes = new ArrayList<>();
    private final List<EndToEnd.Result> endToEnd = new ArrayList<>();
    private final Findings findings = new Findings();
    private Scaling.Result scaling;

    /** {@code backend} is what is measured, by its threads. */
    BenchRun(
            BenchOptions options,
            BenchGraphs graphs,
            IntFunction<Backend> backend,
            List<Peer> allPeers,
            Consumer<String> note) {
        this.options = options;
        this.graphs = graphs;
        this.backend = backend;
        this.allPeers = allPeers;
        this.note = note;
    }

    BenchReport run() {
        Deadline deadline = options.brief() ? Deadline.in(BRIEF_SECONDS) : Deadline.NONE;
        List<Integer> scalingEdges = options.scalingEdges() == null ? List.of() : scalingEdges();
        List<KernelBench.PeerOn> peers = new ArrayList<>();
        KernelBench kernels =
                new KernelBench(options.selection(), options.rounds().before(deadline), backend, peers, findings);
        try {
            open(peers);
            Machine machine = Machine.of(kernels.backendDescription());
            if (options.brief()) {
                endToEnd("cora", peers, EndToEnd.Size.SHORT.before(deadline.part(END_TO_END_SHARE)));
            }
            if (options.kernels()) {
                kernels(kernels);
            }
            if (options.endToEnd()) {
                options.shapes().forEach(shape -> endToEnd(shape, peers, EndToEnd.Size.LONG));
            }
            if (options.scalingEdges() != null) {
                scaling(scalingEdges);
            }
            Map<String, List<KernelBench.CeilingRate>> ceilings =
                    kernels.ceilings.stream().collect(Collectors.groupingBy(KernelBench.CeilingRate::kind));
            return new BenchReport(
                    machine,
                    options.reproduce(),
                    shapes,
                    ceilings,
                    peerStates.stream().map(findings::completed).toList(),
                    kernels.records,
                    kernels.checked,
                    kernels.checkedValues,
                    findings.failures,
                    endToEnd,
                    scaling);
        } finally {
            kernels.close();
            peers.reversed().forEach(peer -> findings.close(peer.name(), peer.session()));
        }
    }

    /** One that was asked for must be there; one that merely is on the class path may be unusable and says why. */
    private void open(List<KernelBench.PeerOn> sessions) {
        for (Peer peer : Peers.chosen(allPeers, options.peers())) {
            try {
                PeerSession last = null;
                for (int threads : peer.threads(options.selection().threads())) {
                    last = peer.open(threads);
                    sessions.add(new KernelBench.PeerOn(peer.name(), threads, last));
                }
                peerStates.add(new Peers.State(peer.name(), last.version(), null));
            } catch (RuntimeException | LinkageError e) {
                sessions.stream()
                        .filter(session -> session.name().equals(peer.name()))
                        .forEach(session -> findings.close(session.name(), session.session()));
                sessions.removeIf(session -> session.name().equals(peer.name()));
                if (options.peers() != null) {
                    throw e instanceof DeviceUnavailableException absent
                            ? absent
                            : new DeviceUnavailableException("peer '" + peer.name() + "': " + e.getMessage(), e);
                }
                peerStates.add(new Peers.State(peer.name(), null, e.getMessage()));
            }
        }
    }

    private void kernels(KernelBench kernels) {
        int features =
                options.selection().features().stream().mapToInt(f -> f).max().orElseThrow();
        for (String name : options.shapes()) {
            GraphShape shape = BenchGraphs.shape(name);
            String tooLarge = MachineRoom.refusal(shape, features);
            if (tooLarge != null && !options.fit()) {
                throw new IllegalArgumentException(tooLarge);
            }
            if (tooLarge != null) {
                note.accept("left out: " + tooLarge);
                continue;
            }
            try (BenchGraphs.Opened graph = graphs.open(name)) {
                shapes.add(new BenchReport.Shape(
                        name,
                        graph.source(),
                        graph.graph().numRows(),
                        graph.graph().numEdges(),
                        graph.graph().maxDegree()));
                note.accept("measuring on " + name);
                kernels.run(graph);
            }
        }
    }

    private void endToEnd(String shape, List<KernelBench.PeerOn> peers, EndToEnd.Size size) {
        int threads =
                options.selection().threads().stream().mapToInt(t -> t).max().orElseThrow();
        List<KernelBench.PeerOn> same =
                peers.stream().filter(peer -> peer.threads() == threads).toList();
        note.accept("training, inference and search on " + shape);
        try (BenchDatasets.Opened opened = BenchDatasets.open(graphs, shape)) {
            Dataset dataset = opened.dataset();
            if (shapes.stream().noneMatch(s -> s.shape().equals(shape))) {
                shapes.add(new BenchReport.Shape(
                        shape,
                        opened.source(),
                        dataset.graph().numRows(),
                        dataset.graph().numEdges(),
                        dataset.graph().maxDegree()));
            }
            endToEnd.addAll(new EndToEnd(dataset, threads, same, size, findings).run(shape));
        }
    }

    /** Of as many graphs as the memory holds. */
    private List<Integer> scalingEdges() {
        long most = Math.min(
                options.scalingEdges(),
                MachineRoom.mostEdges(options.selection().features().get(0)));
        if (most < Scaling.LEAST_MOST_EDGES) {
            throw new IllegalArgumentException("--scaling needs graphs of up to " + Scaling.LEAST_MOST_EDGES
                    + " edges, memory allows " + most + ": give Java more, or take fewer --features");
        }
        if (most < options.scalingEdges()) {
            note.accept("scaling: memory allows graphs of " + most + " edges");
        }
        return Scaling.edges(most);
    }

    private void scaling(List<Integer> edges) {
        KernelBench.Selection selection = options.selection();
        int threads = selection.threads().stream().mapToInt(t -> t).max().orElseThrow();
        int bits = selection.bits().equals(Kernel.WIDTHS) ? 4 : selection.bits().get(0);
        int features = selection.features().get(0);
        try (Backend measured = backend.apply(threads)) {
            scaling = Scaling.run(measured, threads, bits, features, edges, options.rounds(), note, findings)
                    .orElse(null);
        }
    }
}
