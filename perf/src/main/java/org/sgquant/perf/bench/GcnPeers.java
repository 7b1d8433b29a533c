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

    private static final String INFERENCE = "inference of a GCN";
    private static final String TRAINING = "training of a GCN";

    private final HostMemory memory = new HostMemory();
    private final String shape;
    private final int features;
    private final Findings findings;
    private final List<KernelBench.PeerOn> peers;
    private final List<Run> runs = new ArrayList<>();
    private PeerGcn gcn;
    private PeerGcn.Training training;

    GcnPeers(
            String shape,
            Lanes.Lane lane,
            Experiment.Trained trained,
            List<KernelBench.PeerOn> all,
            Findings findings) {
        this.shape = shape;
        this.findings = findings;
        peers = all.stream().filter(peer -> peer.session().hasGcn()).toList();
        GraphInput input = lane.input(DegreeBuckets.NONE);
        features = input.hostFeatures().cols();
        if (!peers.isEmpty()) {
            ready(input, trained);
        }
    }

    /** Operands in memory of their own, and inference on them. */
    private void ready(GraphInput input, Experiment.Trained trained) {
        List<FloatMatrix> weights = trained.weights().stream()
                .map(rows -> FloatMatrix.of(memory, rows))
                .toList();
        gcn = new PeerGcn(
                input.adjacency().graph(),
                FloatMatrix.ofVector(memory, input.edgeNorm()),
                dense(input.hostFeatures()),
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
            try {
                peer.session()
                        .gcnInference(gcn, out)
                        .ifPresent(run -> runs.add(new Run(peer, run, out, Timed.of(run))));
            } catch (RuntimeException e) {
                findings.cannot(peer.name(), peer.doing(INFERENCE), e);
            }
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

    /** Runs every inference once; only those with the logits of {@code ours}, but for the order of sums, are to be timed. */
    void keepTheRight(FloatMatrix ours) {
        for (Run run : List.copyOf(runs)) {
            String wrong = null;
            try {
                run.out().data().fill((byte) -1);
                run.run().run();
                run.run().fetch();
                wrong = difference(run.out(), ours);
            } catch (RuntimeException e) {
                findings.cannot(run.peer().name(), run.peer().doing(INFERENCE), e);
                remove(run);
            }
            if (wrong != null) {
                findings.failures.add(new KernelBench.Failure(
                        "gcn",
                        32,
                        shape,
                        features,
                        run.peer().threads(),
                        run.peer().name(),
                        wrong));
                remove(run);
            }
        }
    }

    private void remove(Run run) {
        runs.remove(run);
        findings.close(run.peer().name(), run.run());
    }

    /** The first one in words, null where there is none. */
    private static String difference(FloatMatrix got, FloatMatrix expected) {
        for (int r = 0; r < expected.rows(); r++) {
            for (int c = 0; c < expected.cols(); c++) {
                float right = expected.get(r, c);
                float value = got.get(r, c);
                if (!(Math.abs(value - right) <= TOLERANCE * (1 + Math.abs(right)))) {
                    return "wrong result: got " + value + " at row " + r + ", column " + c + ", expected " + right;
                }
            }
        }
        return null;
    }

    List<Timed> inferences() {
        List<Timed> all = new ArrayList<>();
        runs.forEach(run -> all.add(run.timed()));
        return all;
    }

    /** A row for each peer with inference or training; {@code ourMs} is our fp32 inference, a round is an epoch. */
    List<EndToEnd.Result> results(double ourMs, Rounds epochs) {
        Map<KernelBench.PeerOn, Double> inference = new LinkedHashMap<>();
        for (Run run : runs) {
            if (run.timed().failure() == null) {
                inference.put(run.peer(), run.timed().median());
            } else {
                findings.cannot(
                        run.peer().name(),
                        run.peer().doing(INFERENCE),
                        run.timed().failure());
            }
        }
        List<EndToEnd.Result> rows = new ArrayList<>();
        for (KernelBench.PeerOn peer : peers) {
            Double rate = epochsPerSecond(peer, epochs);
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

    private Double epochsPerSecond(KernelBench.PeerOn peer, Rounds epochs) {
        PeerRun run;
        try {
            run = peer.session().gcnEpoch(gcn, training).orElse(null);
        } catch (RuntimeException e) {
            findings.cannot(peer.name(), peer.doing(TRAINING), e);
            return null;
        }
        if (run == null) {
            return null;
        }
        Timed timed = Timed.of(run);
        epochs.run(List.of(timed));
        findings.close(peer.name(), run);
        if (timed.failure() != null) {
            findings.cannot(peer.name(), peer.doing(TRAINING), timed.failure());
            return null;
        }
        return Numbers.rounded(1e3 / timed.median(), 2);
    }

    @Override
    public void close() {
        runs.forEach(run -> findings.close(run.peer().name(), run.run()));
        memory.close();
    }
}
