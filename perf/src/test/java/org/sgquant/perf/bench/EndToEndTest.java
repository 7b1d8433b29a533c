package org.sgquant.perf.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sgquant.data.Dataset;
import org.sgquant.data.DatasetOptions;
import org.sgquant.data.SyntheticCitationGraph;
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
}
