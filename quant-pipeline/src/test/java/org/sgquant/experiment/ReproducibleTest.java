package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.tensor.HostMemory;

/** One seed, one result: on any number of lanes and threads; and nothing stays behind in memory. */
final class ReproducibleTest {

    private record Outcome(List<String> weights, List<Double> accuracies, List<String> codes) {}

    private static Outcome train(Dataset dataset, int lanes, int threads) {
        Recipe recipe = SmallModels.recipe(false, "auto", "32");
        try (Lanes all = SmallModels.lanes(dataset, lanes, threads)) {
            Experiment experiment = SmallModels.experiment(all, recipe);
            List<Experiment.Trained> trained = experiment.train(7, 3, t -> {});
            assertThat(trained.stream().map(Experiment.Trained::seed)).containsExactly(7L, 8L, 9L);
            BitAssignment bits =
                    SmallModels.parse(experiment, dataset, "4 L1.embedding=1 L1.message=[8,4,2,1] @quartiles");
            List<Experiment.Packed> packed = experiment.quantize(trained, bits, p -> {});
            List<String> codes = new ArrayList<>();
            for (Experiment.Packed p : packed) {
                all.run(lane -> {
                    try (QuantizedModel model = experiment.restore(lane, p, bits)) {
                        codes.add(model.codesSha256().toString());
                    }
                    return null;
                });
            }
            return new Outcome(
                    trained.stream()
                            .map(t -> t.weights().stream()
                                    .map(Arrays::deepToString)
                                    .collect(Collectors.joining()))
                            .toList(),
                    packed.stream().map(p -> p.test().accuracy()).toList(),
                    codes);
        }
    }

    @Test
    void weightsAccuraciesAndCodesDoNotDependOnLanesOrThreads() {
        long before = HostMemory.liveBytes();
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate()) {
            Outcome one = train(dataset, 1, 1);
            assertThat(train(dataset, 1, 1)).isEqualTo(one);
            assertThat(train(dataset, 1, 3)).isEqualTo(one);
            assertThat(train(dataset, 2, 1)).isEqualTo(one);
            assertThat(one.weights()).doesNotHaveDuplicates();
        }
        assertThat(HostMemory.liveBytes()).isEqualTo(before);
    }

    @Test
    void lanesReturnResultsInOrderAndTheErrorOfATask() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = SmallModels.lanes(dataset, 3, 1)) {
            assertThat(lanes.map(20, i -> lane -> i))
                    .containsExactlyElementsOf(Collections.unmodifiableList(
                            java.util.stream.IntStream.range(0, 20).boxed().toList()));
            assertThatThrownBy(() -> lanes.map(5, i -> lane -> {
                        if (i == 3) {
                            throw new IllegalArgumentException("task " + i);
                        }
                        return i;
                    }))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("task 3");
            assertThat(lanes.map(2, i -> lane -> i)).containsExactly(0, 1);
        }
    }
}
