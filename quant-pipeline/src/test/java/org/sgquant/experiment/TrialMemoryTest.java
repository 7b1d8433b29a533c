package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.tensor.BitWidth;
import org.sgquant.train.TrainConfig;

/** A trial has the same codes and the same logits, to the bit, whatever earlier trials have left for it. */
class TrialMemoryTest {

    private static final int TRIALS = 24;

    /** What a stage of the small graph takes some ten times of: more trials than that make the cache forget. */
    private static final long FEW_STAGES = 100_000;

    private static final List<Integer> WIDTHS = List.of(1, 2, 3, 4, 6, 8, 32);

    /** The backend of the lane. */
    Backend backend(int threads) {
        return new CpuBackend(threads);
    }

    private record Outcome(List<float[]> logits, SortedMap<String, String> codes, Experiment.Validated validated) {}

    @ParameterizedTest(name = "{0} {1} {2}")
    @CsvSource({
        "gcn, folded, false",
        "gcn, folded, true",
        "gcn, edge, true",
        "gat, , true",
        "agnn, , false",
        "sage, , true",
        "gin, , false"
    })
    void trialsThatShareStagesHaveTheBitsOfTrialsThatDoNot(String model, String norm, boolean buckets) {
        long seed = Long.getLong("sgquant.seed", System.nanoTime());
        Random random = new Random(seed);
        Map<String, Object> settings = norm == null ? Map.of() : Map.of("norm", norm);
        Recipe recipe = SmallModels.recipe(ModelSettings.of(model, settings), "4");
        TrainConfig none = recipe.fineTune().config().withEpochs(0);
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = new Lanes(dataset, 1, lane -> backend(2))) {
            Experiment experiment = SmallModels.experiment(lanes, recipe);
            Experiment.Trained start = experiment.train(0, 1, t -> {}).get(0);
            DegreeBuckets classes = buckets ? DegreeBuckets.quartiles(dataset.degrees()) : DegreeBuckets.NONE;
            lanes.run(lane -> {
                try (TrialMemory ample = new TrialMemory(lane.backend());
                        TrialMemory scarce = new TrialMemory(lane.backend(), FEW_STAGES)) {
                    BitAssignment bits = assignment(experiment, classes, random);
                    for (int i = 0; i < TRIALS; i++) {
                        String replay = "replay with -Dsgquant.seed=" + seed + ": trial " + i + ", " + bits;
                        Outcome alone = alone(experiment, lane, start, bits, none);
                        for (TrialMemory known : List.of(ample, scarce)) {
                            Outcome shared = shared(experiment, lane, start, bits, none, known);
                            assertThat(shared.codes()).as(replay).isEqualTo(alone.codes());
                            assertThat(shared.logits())
                                    .as(replay)
                                    .usingElementComparator(TrialMemoryTest::compare)
                                    .isEqualTo(alone.logits());
                            assertThat(shared.validated()).as(replay).isEqualTo(alone.validated());
                        }
                        assertThat(scarce.stages(start).bytes()).isLessThanOrEqualTo(FEW_STAGES);
                        bits = changed(bits, experiment, random);
                    }
                    assertThat(ample.stages(start).restored()).isGreaterThan(TRIALS);
                }
                return null;
            });
        }
    }

    /** Raw bits, so that a zero of another sign is another value. */
    private static int compare(float[] a, float[] b) {
        int[] left = bits(a);
        int[] right = bits(b);
        return Arrays.compare(left, right);
    }

    private static int[] bits(float[] row) {
        return IntStream.range(0, row.length)
                .map(i -> Float.floatToRawIntBits(row[i]))
                .toArray();
    }

    private static Outcome alone(
            Experiment experiment,
            Lanes.Lane lane,
            Experiment.Trained start,
            BitAssignment bits,
            TrainConfig fineTune) {
        try (QuantizedModel model = experiment.fineTuned(lane, start, bits, fineTune)) {
            List<float[]> logits = List.of(model.pack().run());
            return new Outcome(logits, model.codesSha256(), experiment.validate(lane, start, bits, fineTune));
        }
    }

    private static Outcome shared(
            Experiment experiment,
            Lanes.Lane lane,
            Experiment.Trained start,
            BitAssignment bits,
            TrainConfig fineTune,
            TrialMemory known) {
        Experiment.Validated validated = experiment.validate(lane, start, bits, fineTune, known);
        try (QuantizedModel model = experiment.calibrated(lane, start, bits, known)) {
            List<float[]> logits = List.of(model.run(known.stages(start)));
            return new Outcome(logits, model.codesSha256(), validated);
        }
    }

    private static BitAssignment assignment(Experiment experiment, DegreeBuckets buckets, Random random) {
        Map<Cell, List<BitWidth>> widths = new LinkedHashMap<>();
        experiment.model().cellNames().forEach(cell -> widths.put(cell, widths(cell, buckets, random)));
        return BitAssignment.of(widths, buckets);
    }

    /** {@code bits} but for one or two cells, as a search moves. */
    private static BitAssignment changed(BitAssignment bits, Experiment experiment, Random random) {
        List<Cell> cells = experiment.model().cellNames();
        Map<Cell, List<BitWidth>> widths = new LinkedHashMap<>();
        cells.forEach(cell -> widths.put(cell, bits.widths(cell)));
        for (int i = 0; i <= random.nextInt(2); i++) {
            Cell cell = cells.get(random.nextInt(cells.size()));
            widths.put(cell, widths(cell, bits.buckets(), random));
        }
        return BitAssignment.of(widths, bits.buckets());
    }

    private static List<BitWidth> widths(Cell cell, DegreeBuckets buckets, Random random) {
        int count = cell.component().hasBuckets() ? buckets.count() : 1;
        return random.ints(count, 0, WIDTHS.size())
                .mapToObj(i -> BitWidth.of(WIDTHS.get(i)))
                .toList();
    }
}
