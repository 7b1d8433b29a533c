package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.search.Bounds;
import org.sgquant.search.Objective;
import org.sgquant.search.RandomSearch;
import org.sgquant.search.SearchListener;
import org.sgquant.search.SearchResult;
import org.sgquant.search.SearchSettings;
import org.sgquant.search.SearchSpace;
import org.sgquant.search.Study;
import org.sgquant.train.TrainConfig;

class LatencyTableTest {

    private static final int CHECKED = 6;

    @TempDir
    private Path folder;

    @Test
    void aTableAddsUpWhatEachCellTakes() {
        SearchSpace space = new SearchSpace(List.of(
                new SearchSpace.Dimension("a", List.of(1, 4)), new SearchSpace.Dimension("b[0]", List.of(2, 8))));
        LatencyTable table =
                new LatencyTable("m", 10, Map.of("a", Map.of(1, 8.0, 4, 11.0), "b[0]", Map.of(2, 9.0, 8, 10.0)));
        assertThat(table.of(space, List.of(4, 8))).isEqualTo(10);
        assertThat(table.of(space, List.of(1, 2))).isEqualTo(6);
    }

    @Test
    void predictsWholeInferencesAndIsMeasuredOncePerMachine() throws Exception {
        Recipe recipe = SmallModels.recipe(ModelSettings.of("gcn", Map.of()), "4");
        try (Dataset dataset = SyntheticCitationGraph.CORA_SIZED.generate();
                Lanes lanes = new Lanes(dataset, 1, lane -> new CpuBackend(1))) {
            Experiment experiment = SmallModels.experiment(lanes, recipe);
            Experiment.Trained start = experiment.train(0, 1, t -> {}).getFirst();
            BitSpace space = new BitSpace(
                    experiment.model(),
                    DegreeBuckets.NONE,
                    dataset.degrees(),
                    recipe.quantConfig(),
                    List.of(1),
                    List.of(2, 8));
            Path file = folder.resolve("cache/latency.json");
            LatencyTable table = LatencyTable.cached(file, "this", experiment, start, space);
            compare(table, experiment, start, space);
            String text = Files.readString(file);
            Files.writeString(file, text.replace("\"baseSeconds\" : ", "\"baseSeconds\" : 1"));
            assertThat(LatencyTable.cached(file, "this", experiment, start, space)
                            .baseSeconds())
                    .as("read, not measured")
                    .isGreaterThan(1);
            assertThat(LatencyTable.cached(file, "other", experiment, start, space)
                            .baseSeconds())
                    .as("measured for another machine")
                    .isLessThan(1);
            search(experiment, start, space);
        }
    }

    private static void compare(LatencyTable table, Experiment experiment, Experiment.Trained start, BitSpace space) {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < CHECKED; i++) {
            List<Integer> bits = space.space().sample(random);
            double measured = experiment.lanes().run(lane -> {
                try (TrialMemory known = new TrialMemory(lane.backend());
                        QuantizedModel model = experiment.calibrated(lane, start, space.assignment(bits), known)) {
                    return Latency.seconds(model.inference()::runOnly);
                }
            });
            double predicted = table.of(space.space(), bits);
            System.out.printf("%s: predicted %.3f ms, measured %.3f ms%n", bits, 1e3 * predicted, 1e3 * measured);
            ratios.add(predicted / measured);
        }
        // Other processes may disturb a single one.
        assertThat(ratios.stream().sorted().toList().get(CHECKED / 2))
                .as("median of predicted over measured, seed %d", seed)
                .isBetween(0.2, 5.0);
    }

    private void search(Experiment experiment, Experiment.Trained start, BitSpace space) {
        BitSearch.Goal goal = new BitSearch.Goal(Objective.LATENCY, Bounds.drop(100), false);
        try (Study study = Study.inMemory()) {
            SearchResult result = new BitSearch(experiment, space, goal, TrainConfig.FINE_TUNE.withEpochs(0))
                    .run(
                            List.of(start),
                            new RandomSearch(),
                            new BitSearch.Timings(folder, "this"),
                            study,
                            new SearchSettings(8, 0, 1),
                            SearchListener.NONE)
                    .result();
            double least = result.best().measurement().cost().latencySeconds();
            assertThat(least).isPositive();
            assertThat(result.trials())
                    .hasSize(8)
                    .allMatch(trial -> trial.measurement().cost().latencySeconds() >= least);
            assertThat(folder.toFile().list((f, name) -> name.endsWith(".json")))
                    .hasSize(1);
        }
    }
}
