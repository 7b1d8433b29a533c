package org.sgquant.perf.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.sgquant.data.Dataset;
import org.sgquant.data.DatasetOptions;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.perf.peer.PeerGcn;
import org.sgquant.perf.peer.PeerRun;
import org.sgquant.perf.peer.PeerSession;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;

class EndToEndTest {

    @Test
    void training_inference_search_and_memory_are_measured() {
        long before = HostMemory.liveBytes();
        EndToEnd.Size size = new EndToEnd.Size(Rounds.exactly(2), 1, 4);
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate(DatasetOptions.DEFAULT)) {
            EndToEnd.Result result = new EndToEnd(dataset, 2, List.of(), size, new Findings())
                    .run("small")
                    .get(0);
            assertThat(result.epochsPerSecond()).isPositive();
            assertThat(result.inferenceMs()).isPositive();
            assertThat(result.packedInferenceMs()).isPositive();
            assertThat(result.trialsPerMinute()).isPositive();
            assertThat(result.peakDeviceBytes()).isNull();
            assertThat(result.peakHeapBytes()).isGreaterThan(1 << 20);
            assertThat(result.peakOffHeapBytes()).isGreaterThan(result.packedPeakBytes());
            assertThat(result.cells().keySet()).containsExactlyElementsOf(EndToEnd.Result.columns());
        }
        assertThat(HostMemory.liveBytes()).isEqualTo(before);
    }

    /** Infers nothing but zeros, and cannot train. */
    private static final PeerSession WRONG = new PeerSession() {
        @Override
        public String version() {
            return "zeros";
        }

        @Override
        public boolean hasGcn() {
            return true;
        }

        @Override
        public Optional<PeerRun> gcnInference(PeerGcn gcn, FloatMatrix out) {
            return Optional.of(() -> out.data().fill((byte) 0));
        }

        @Override
        public Optional<PeerRun> gcnEpoch(PeerGcn gcn, PeerGcn.Training training) {
            throw new IllegalStateException("it does not train");
        }

        @Override
        public void close() {
            // holds nothing
        }
    };

    @Test
    void a_peer_with_wrong_logits_is_a_failure_and_has_no_row() {
        long before = HostMemory.liveBytes();
        EndToEnd.Size size = new EndToEnd.Size(Rounds.exactly(1), 1, 0);
        Findings findings = new Findings();
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate(DatasetOptions.DEFAULT)) {
            List<KernelBench.PeerOn> peers = List.of(new KernelBench.PeerOn("wrong", 1, WRONG));
            assertThat(new EndToEnd(dataset, 1, peers, size, findings).run("small"))
                    .singleElement()
                    .satisfies(row -> assertThat(row.peer()).isNull());
        }
        assertThat(findings.failures)
                .singleElement()
                .satisfies(failure -> assertThat(failure.sentence())
                        .startsWith("gcn at 32 bits on small")
                        .contains("by wrong: wrong result: got 0.0 at row 0, column 0, expected "));
        assertThat(findings.completed(new Peers.State("wrong", "zeros", null)).reason())
                .isEqualTo("training of a GCN (threads 1): it does not train");
        assertThat(HostMemory.liveBytes()).isEqualTo(before);
    }
}
