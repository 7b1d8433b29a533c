package org.sgquant.perf.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sgquant.data.Dataset;
import org.sgquant.data.Features;
import org.sgquant.experiment.Experiment;
import org.sgquant.experiment.Lanes;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.GraphInput;
import org.sgquant.perf.peer.PeerGcn;
import org.sgquant.perf.peer.PeerRun;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.IntArray;
import org.sgquant.train.TrainConfig;

/** The same trained GCN by every peer that has one. */
final class GcnPeers implements AutoCloseable {

    /** Largest difference of a logit from ours, relative to 1 + |ours|: two fp32 orders of the same sums. */
    private static final float TOLERANCE = 1e-3f;

    private record Run(KernelBench.PeerOn peer, PeerRun run, FloatMatrix out, Timed timed) {}

    private final HostMemory memory = new HostMemory();
    private final PeerGcn gcn;
    private final PeerGcn.Training training;
    private final List<Run> runs = new ArrayList<>();
    private final List<KernelBench.PeerOn> peers;

    GcnPeers(Lanes.Lane lane, Experiment.Trained trained, List<KernelBench.PeerOn> peers) {
        this.peers = peers;
        GraphInput input = lane.input(DegreeBuckets.NONE);
        List<FloatMatrix> weights = trained.weights().stream()
                .map(rows -> FloatMatrix.of(memory, rows))
                .toList();
        FloatMatrix x = peers.isEmpty() ? null : dense(input.hostFeatures());
        gcn = new PeerGcn(
                input.adjacency().graph(),
                FloatMatrix.ofVector(memory, input.edgeNorm()),
                x,
                weights.get(0),
                weights.get(1),
                weights.get(2),
                weights.get(3));
        Dataset data = input.dataset();
        TrainConfig config = TrainConfig.of(GcnConfig.DEFAULT);
        training = new PeerGcn.Training(
                IntArray.of(memory, data.labels()),
                data.split().train(),
                data.split().validation(),
                config.learningRate(),
                GcnConfig.DEFAULT.weightDecay(),
                GcnConfig.DEFAULT.dropout());
        for (KernelBench.PeerOn peer : peers) {
            FloatMatrix out = FloatMatrix.allocate(
                    memory, input.numNodes(), weights.get(2).cols());
            peer.session().gcnInference(gcn, out).ifPresent(run -> runs.add(new Run(peer, run, out, Timed.of(run))));
        }
    }

    private FloatMatrix dense(Features features) {
        FloatMatrix x = FloatMatrix.allocate(memory, features.rows(), features.cols());
        switch (features) {
            case Features.Dense dense -> x.copyFrom(dense.matrix());
            case Features.Sparse sparse -> {
                CsrGraph pattern = sparse.matrix().pattern();
                for (int r = 0; r < x.rows(); r++) {
                    for (int e = pattern.rowPtr().get(r); e < pattern.rowPtr().get(r + 1); e++) {
                        x.set(
                                r,
                                pattern.colIdx().get(e),
                                sparse.matrix().values().get(0, e));
                    }
                }
            }
        }
        return x;
    }

    /** Runs every inference once and throws unless its logits are {@code ours} but for the order of sums. */
    void requireSame(FloatMatrix ours) {
        for (Run run : runs) {
            run.out().data().fill((byte) -1);
            run.run().run();
            run.run().fetch();
            for (int r = 0; r < ours.rows(); r++) {
                for (int c = 0; c < ours.cols(); c++) {
                    float expected = ours.get(r, c);
                    float got = run.out().get(r, c);
                    if (!(Math.abs(got - expected) <= TOLERANCE * (1 + Math.abs(expected)))) {
                        throw new IllegalStateException(
                                "inference by " + run.peer().name() + ": got " + got + " at row " + r + ", column " + c
                                        + ", expected " + expected);
                    }
                }
            }
        }
    }

    List<Timed> inferences() {
        List<Timed> all = new ArrayList<>();
        runs.forEach(run -> all.add(run.timed()));
        return all;
    }

    /** A row for each peer with inference or training; {@code ourMs} is our fp32 inference. */
    List<EndToEnd.Result> results(String shape, double ourMs, int epochs, int trainings) {
        Map<KernelBench.PeerOn, Double> inference = new LinkedHashMap<>();
        runs.forEach(run -> inference.put(run.peer(), run.timed().median()));
        List<EndToEnd.Result> rows = new ArrayList<>();
        for (KernelBench.PeerOn peer : peers) {
            Double rate = epochsPerSecond(peer, epochs, trainings);
            Double ms = inference.get(peer);
            if (rate != null || ms != null) {
                rows.add(new EndToEnd.Result(
                        "gcn",
                        shape,
                        peer.threads(),
                        peer.name(),
                        rate,
                        ms == null ? null : Numbers.rounded(ms, 4),
                        null,
                        null,
                        ms == null ? null : Numbers.rounded(ourMs / ms, 3),
                        null,
                        null,
                        null,
                        null,
                        null));
            }
        }
        return rows;
    }

    private Double epochsPerSecond(KernelBench.PeerOn peer, int epochs, int trainings) {
        return peer.session()
                .gcnEpoch(gcn, training)
                .map(run -> {
                    try (run) {
                        Timed timed = Timed.of(run);
                        Rounds.exactly(trainings * epochs).run(List.of(timed));
                        return Numbers.rounded(1e3 / timed.median(), 2);
                    }
                })
                .orElse(null);
    }

    @Override
    public void close() {
        Closing.all(runs.stream().map(Run::run).toList());
        memory.close();
    }
}
