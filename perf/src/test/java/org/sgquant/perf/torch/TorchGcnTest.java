package org.sgquant.perf.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.sgquant.perf.peer.Peer;
import org.sgquant.perf.peer.PeerGcn;
import org.sgquant.perf.peer.PeerRun;
import org.sgquant.perf.peer.PeerSession;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.IntArray;

/** Inference and training of PyTorch's GCN against plain loops in double, where there is PyTorch. */
@ExtendWith(WithTorch.class)
class TorchGcnTest {

    private static final List<Peer> PEERS =
            List.of(new TorchPeer(), new TorchPeer.Reduce(), new TorchPeer.SparseFeatures());
    private static final int NODES = 9;
    private static final int FEATURES = 6;
    private static final int HIDDEN = 4;
    private static final int CLASSES = 3;
    private static final int[] TRAIN = {0, 2, 5};
    private static final int[] VALIDATION = {1, 3, 4, 8};
    private static final double RATE = 0.01;
    private static final double DECAY = 0.3;

    private final Random random = new Random(11);

    /** A ring with loops whose values are not symmetric: a transpose that is missed would show. */
    private PeerGcn network(HostMemory memory) {
        int[] rowPtr = new int[NODES + 1];
        int[] col = new int[2 * NODES];
        for (int i = 0; i < NODES; i++) {
            int next = (i + 1) % NODES;
            col[2 * i] = Math.min(i, next);
            col[2 * i + 1] = Math.max(i, next);
            rowPtr[i + 1] = 2 * i + 2;
        }
        return new PeerGcn(
                CsrGraph.of(memory, NODES, rowPtr, col),
                normal(memory, 1, 2 * NODES, 1),
                normal(memory, NODES, FEATURES, 0.5),
                normal(memory, FEATURES, HIDDEN, 1),
                normal(memory, 1, HIDDEN, 1),
                normal(memory, HIDDEN, CLASSES, 1),
                normal(memory, 1, CLASSES, 1));
    }

    private FloatMatrix normal(HostMemory memory, int rows, int cols, double share) {
        FloatMatrix m = FloatMatrix.allocate(memory, rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                m.set(r, c, random.nextDouble() < share ? (float) random.nextGaussian() : 0);
            }
        }
        return m;
    }

    @Test
    void logits_are_those_of_plain_loops() {
        try (HostMemory memory = new HostMemory()) {
            PeerGcn gcn = network(memory);
            double[][] expected = new PlainGcn(gcn).logits();
            for (Peer peer : PEERS) {
                FloatMatrix out = FloatMatrix.allocate(memory, NODES, CLASSES);
                try (PeerSession session = peer.open(2);
                        PeerRun run = session.gcnInference(gcn, out).orElseThrow()) {
                    run.run();
                    run.fetch();
                }
                for (int i = 0; i < NODES; i++) {
                    for (int c = 0; c < CLASSES; c++) {
                        assertThat((double) out.get(i, c)).as(peer.name()).isCloseTo(expected[i][c], within(1e-5));
                    }
                }
            }
        }
    }

    /** Adam's first step moves every weight by the rate against its gradient's sign; the second loss depends on that. */
    @Test
    void epochs_without_dropout_are_those_of_plain_loops() {
        try (HostMemory memory = new HostMemory()) {
            PeerGcn gcn = network(memory);
            int[] labels = random.ints(NODES, 0, CLASSES).toArray();
            PeerGcn.Training training =
                    new PeerGcn.Training(IntArray.of(memory, labels), TRAIN, VALIDATION, RATE, DECAY, 0);
            for (Peer peer : PEERS) {
                PlainGcn plain = new PlainGcn(gcn);
                try (PeerSession session = peer.open(1);
                        PeerRun run = session.gcnEpoch(gcn, training).orElseThrow()) {
                    for (int epoch = 0; epoch < 3; epoch++) {
                        run.run();
                        double loss = plain.epoch(labels, TRAIN, RATE, DECAY);
                        assertThat(((TorchRun) run).loss()).as(peer.name()).isCloseTo(loss, within(1e-4));
                        assertThat(((TorchRun) run).accuracy())
                                .isCloseTo(plain.accuracy(labels, VALIDATION), within(1e-6));
                    }
                }
            }
        }
    }

    @Test
    void dropout_changes_the_loss_from_epoch_to_epoch() {
        try (HostMemory memory = new HostMemory()) {
            PeerGcn gcn = network(memory);
            PeerGcn.Training still =
                    new PeerGcn.Training(IntArray.allocate(memory, NODES), TRAIN, VALIDATION, 0, 0, 0.5);
            for (Peer peer : PEERS) {
                try (PeerSession session = peer.open(1);
                        PeerRun run = session.gcnEpoch(gcn, still).orElseThrow()) {
                    run.run();
                    double first = ((TorchRun) run).loss();
                    run.run();
                    assertThat(((TorchRun) run).loss()).as(peer.name()).isNotEqualTo(first);
                }
            }
        }
    }
}
