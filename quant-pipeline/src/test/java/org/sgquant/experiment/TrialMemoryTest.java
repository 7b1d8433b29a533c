package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.kernels.Transfer;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.model.Parameters;
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

    /** How the cells of a model are quantized. */
    enum Scales {
        COLUMN("row", "column", "mse", "nearest"),
        LEARNED("row", "column", "mse", "nearest"),
        ROWCODE("row", "rowcode", "minmax", "nearest"),
        PAPER("tensor", "tensor", "minmax", "paper");

        private final Recipe.Quantization quantization;

        Scales(String features, String inner, String calibration, String rounding) {
            quantization = new Recipe.Quantization(features, "minmax", inner, calibration, rounding, false, null);
        }
    }

    @ParameterizedTest(name = "{0} {1} {2} {3}")
    @CsvSource({
        "gcn, folded, false, COLUMN",
        "gcn, folded, true, LEARNED",
        "gcn, folded, true, ROWCODE",
        "gcn, folded, false, PAPER",
        "gcn, edge, true, COLUMN",
        "gat, , true, COLUMN",
        "gat, , false, LEARNED",
        "agnn, , false, PAPER",
        "sage, , true, ROWCODE",
        "gin, , false, COLUMN"
    })
    void trialsThatShareStagesHaveTheBitsOfTrialsThatDoNot(String model, String norm, boolean buckets, Scales scales) {
        long seed = Long.getLong("sgquant.seed", System.nanoTime());
        Random random = new Random(seed);
        Map<String, Object> settings = norm == null ? Map.of() : Map.of("norm", norm);
        Recipe recipe = SmallModels.recipe(ModelSettings.of(model, settings), "4", scales.quantization);
        TrainConfig none = recipe.fineTune().config().withEpochs(0);
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = new Lanes(dataset, 1, lane -> backend(2))) {
            Experiment plain = SmallModels.experiment(lanes, recipe);
            Experiment experiment = scales == Scales.LEARNED ? plain.withLearnedSteps() : plain;
            List<Experiment.Trained> starts = plain.train(0, 2, t -> {});
            DegreeBuckets classes = buckets ? DegreeBuckets.quartiles(dataset.degrees()) : DegreeBuckets.NONE;
            lanes.run(lane -> {
                try (TrialMemory ample = new TrialMemory(lane.backend());
                        TrialMemory scarce = new TrialMemory(lane.backend(), FEW_STAGES);
                        TrialMemory nothing = new TrialMemory(lane.backend(), 0)) {
                    BitAssignment bits = assignment(experiment, classes, random);
                    long ofOtherTrials = 0;
                    for (int i = 0; i < TRIALS; i++) {
                        Experiment.Trained start = starts.get(i % 2);
                        String replay = "replay with -Dsgquant.seed=" + seed + ": trial " + i + ", " + bits;
                        Outcome alone = alone(experiment, lane, start, bits, none);
                        for (TrialMemory known : List.of(ample, scarce, nothing)) {
                            long before = known.stages().restored();
                            Experiment.Validated validated =
                                    experiment.validate(lane, start, bits, none, known, Experiment.Clock.NONE);
                            ofOtherTrials += known == ample ? known.stages().restored() - before : 0;
                            assertThat(validated).as(replay).isEqualTo(alone.validated());
                            assertSame(shared(experiment, lane, start, bits, known), alone, replay);
                        }
                        assertThat(scarce.stages().bytes()).isLessThanOrEqualTo(FEW_STAGES);
                        if (i == 1) {
                            List<Cell> cells = experiment.model().cellNames();
                            bits = changed(bits, cells, cells.getLast(), random);
                        } else if (i % 2 == 1) {
                            bits = changed(bits, experiment, random);
                        }
                    }
                    // From the first trial of a start to its next the last cell alone changes, so that first stages
                    // stay.
                    assertThat(ofOtherTrials).as("-Dsgquant.seed=" + seed).isPositive();
                    assertThat(nothing.stages().restored()).isZero();
                    assertThat(nothing.stages().bytes()).isZero();
                }
                return null;
            });
        }
    }

    private static void assertSame(Outcome shared, Outcome alone, String replay) {
        assertThat(shared.codes()).as(replay).isEqualTo(alone.codes());
        assertThat(shared.logits())
                .as(replay)
                .usingElementComparator(TrialMemoryTest::compare)
                .isEqualTo(alone.logits());
    }

    @Test
    void logitsThatAreNotFiniteAreNoAccuracyWithWhatIsKnownOrWithout() {
        Recipe recipe = SmallModels.recipe(false, "auto", "4");
        TrainConfig none = recipe.fineTune().config().withEpochs(0);
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = new Lanes(dataset, 1, lane -> backend(1))) {
            Experiment experiment = SmallModels.experiment(lanes, recipe);
            Experiment.Trained trained = experiment.train(0, 1, t -> {}).get(0);
            Experiment.Trained broken = withInfiniteBias(experiment, trained);
            BitAssignment bits = SmallModels.parse(experiment, dataset, "L1=4 L2=32");
            int node = dataset.split().validation()[0];
            String message = "logits: value Infinity at row " + node + ", column 1 is no prediction";
            lanes.run(lane -> {
                try (TrialMemory known = new TrialMemory(lane.backend())) {
                    for (ThrowingCallable trial : List.<ThrowingCallable>of(
                            () -> experiment.validate(lane, broken, bits, none),
                            () -> experiment.validate(lane, broken, bits, none, known, Experiment.Clock.NONE),
                            () -> experiment.validate(lane, broken, bits, none, known, Experiment.Clock.NONE),
                            () -> experiment.quantize(lane, broken, bits, none))) {
                        assertThatThrownBy(trial)
                                .isInstanceOf(NonFiniteException.class)
                                .hasMessage(message);
                    }
                }
                return null;
            });
        }
    }

    /** {@code trained} with a bias of the last layer, the last parameter, that is not finite. */
    private static Experiment.Trained withInfiniteBias(Experiment experiment, Experiment.Trained trained) {
        List<float[][]> weights = new ArrayList<>(trained.weights());
        List<Parameters.Spec> specs = experiment.model().parameters();
        int last = specs.size() - 1;
        assertThat(specs.get(last).rows()).as(specs.get(last).name()).isEqualTo(1);
        float[][] bias = {weights.get(last)[0].clone()};
        bias[0][1] = Float.POSITIVE_INFINITY;
        weights.set(last, bias);
        return new Experiment.Trained(trained.seed(), weights, trained.validation(), trained.test(), trained.seconds());
    }

    @Test
    void aModelWhoseRangesOthersMaySetTakesNothingFromACacheAndLeavesNothingThere() {
        Recipe recipe = SmallModels.recipe(false, "auto", "4");
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = new Lanes(dataset, 1, lane -> backend(1))) {
            Experiment experiment = SmallModels.experiment(lanes, recipe);
            Experiment.Trained start = experiment.train(0, 1, t -> {}).get(0);
            BitAssignment bits = SmallModels.parse(experiment, dataset, "4");
            lanes.run(lane -> {
                try (TrialMemory known = new TrialMemory(lane.backend());
                        QuantizedModel model = experiment.calibrated(lane, start, bits, known)) {
                    float[][] before = model.run();
                    long restored = known.stages().restored();
                    Transfer.copy(
                            lane.backend(),
                            new float[1]
                                    [experiment.model().parameters().getLast().cols()],
                            model.parameters().list().getLast().value());
                    model.pack();
                    assertThat(model.run()).isEqualTo(model.inference().run()).isNotEqualTo(before);
                    assertThat(known.stages().restored()).isEqualTo(restored);
                    assertThatThrownBy(() -> model.calibrate(known.stages(), start))
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("before parameters or cells are given out");
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
            Experiment experiment, Lanes.Lane lane, Experiment.Trained start, BitAssignment bits, TrialMemory known) {
        try (QuantizedModel model = experiment.calibrated(lane, start, bits, known)) {
            List<float[]> logits = List.of(model.run());
            return new Outcome(logits, model.codesSha256(), null);
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
        BitAssignment next = bits;
        for (int i = 0; i <= random.nextInt(2); i++) {
            next = changed(next, cells, cells.get(random.nextInt(cells.size())), random);
        }
        return next;
    }

    private static BitAssignment changed(BitAssignment bits, List<Cell> cells, Cell cell, Random random) {
        Map<Cell, List<BitWidth>> widths = new LinkedHashMap<>();
        cells.forEach(other -> widths.put(other, bits.widths(other)));
        widths.put(cell, widths(cell, bits.buckets(), random));
        return BitAssignment.of(widths, bits.buckets());
    }

    private static List<BitWidth> widths(Cell cell, DegreeBuckets buckets, Random random) {
        int count = cell.component().hasBuckets() ? buckets.count() : 1;
        return random.ints(count, 0, WIDTHS.size())
                .mapToObj(i -> BitWidth.of(WIDTHS.get(i)))
                .toList();
    }
}
