package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.Tape;
import org.sgquant.autograd.Value;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Transfer;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.reference.ReferenceBackend;
import org.sgquant.model.Forward;
import org.sgquant.model.Phase;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.FreezingOrder;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;

/** From one saved model, packed inference gives the same bits on every backend at any thread count. */
class BitEqualityTest {

    @TempDir
    private static Path folder;

    private static Dataset dataset;
    private static Lanes lanes;
    private static Experiment.Trained folded;
    private static Experiment.Trained edge;

    /** Three heads of 5 units, so that quads of columns span heads; the last layer has one head. */
    private static final ModelSettings GAT = ModelSettings.of("gat", Map.of("heads", 3, "hidden", 5));

    private static final ModelSettings AGNN = ModelSettings.of("agnn", Map.of("hidden", 9));

    private static Experiment.Trained gat;
    private static Experiment.Trained agnn;

    @BeforeAll
    static void train() {
        dataset = SyntheticCitationGraph.SMALL.generate();
        lanes = SmallModels.lanes(dataset, 1, 2);
        folded = SmallModels.experiment(lanes, SmallModels.recipe(false, "auto", "32"))
                .train(0, 1, t -> {})
                .get(0);
        edge = SmallModels.experiment(lanes, SmallModels.recipe(true, "auto", "32"))
                .train(0, 1, t -> {})
                .get(0);
        gat = SmallModels.experiment(lanes, SmallModels.recipe(GAT, "32"))
                .train(0, 1, t -> {})
                .get(0);
        agnn = SmallModels.experiment(lanes, SmallModels.recipe(AGNN, "32"))
                .train(0, 1, t -> {})
                .get(0);
    }

    @AfterAll
    static void close() {
        lanes.close();
        dataset.close();
    }

    private record Inference(float[][] logits, SortedMap<String, String> codes) {}

    /** The backends that must agree, the reference first. */
    List<Supplier<Backend>> backends() {
        return List.of(ReferenceBackend::new, () -> new CpuBackend(1), () -> new CpuBackend(3));
    }

    /** Saves a model under {@code recipe} and requires one result of all backends. */
    private void sameEverywhere(Experiment.Trained start, Recipe recipe, int packedTensors) {
        Experiment experiment = SmallModels.experiment(lanes, recipe);
        Path model = SmallModels.save(folder.resolve("m"), experiment, start, recipe, dataset);
        List<Inference> results = new ArrayList<>();
        for (Supplier<Backend> backend : backends()) {
            try (Predictor predictor = Predictor.open(SavedModel.read(model), dataset, backend.get())) {
                results.add(new Inference(predictor.logits(), predictor.codesSha256()));
                assertThat(predictor.logits())
                        .as("replayed")
                        .isDeepEqualTo(results.getLast().logits());
            }
        }
        Inference reference = results.get(0);
        assertThat(reference.codes()).hasSize(packedTensors);
        for (Inference other : results.subList(1, results.size())) {
            assertThat(other.codes()).isEqualTo(reference.codes());
            assertThat(bits(other.logits())).isDeepEqualTo(bits(reference.logits()));
        }
        // What was saved is what fine-tuning had packed.
        assertThat(SavedModel.read(model).metrics().codesSha256()).isEqualTo(reference.codes());
    }

    /** Floats as bits: 0 and -0 differ, and so would two NaNs. */
    private static int[][] bits(float[][] rows) {
        return Arrays.stream(rows)
                .map(row -> {
                    int[] bits = new int[row.length];
                    for (int i = 0; i < bits.length; i++) {
                        bits[i] = Float.floatToRawIntBits(row[i]);
                    }
                    return bits;
                })
                .toArray(int[][]::new);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2", "3", "4", "5", "6", "7", "8", "16", "e2m1", "e3m2", "e4m3", "e5m2"})
    void uniformWidths(String q) {
        sameEverywhere(folded, SmallModels.recipe(false, "auto", q), 6);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 8})
    void powersOfTwo(int q) {
        for (FreezingOrder order : FreezingOrder.values()) {
            Recipe.Quantization.Weights weights =
                    new Recipe.Quantization.Weights(null, order.toString(), List.of(0.5, 0.9, 1.0), null);
            sameEverywhere(folded, SmallModels.recipe(false, "auto", Integer.toString(q), "mse", weights), 6);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void sumsOfSigns(int k) {
        Recipe.Quantization.Weights weights = new Recipe.Quantization.Weights(null, null, null, true);
        for (String order : List.of("auto", "aggregate-first")) {
            sameEverywhere(folded, SmallModels.recipe(false, order, "4 weight=" + k, "mse", weights), 6);
        }
    }

    @Test
    void signs() {
        Recipe.Quantization.Weights weights = new Recipe.Quantization.Weights("sign", null, null, null);
        sameEverywhere(folded, SmallModels.recipe(false, "auto", "1", "sign", weights), 6);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "L1.embedding=1 L1.message=3 L1.weight=5 L2.embedding=7 L2.message=2 L2.weight=16",
                "L1.embedding=8 L1.message=32 L1.weight=4 L2.embedding=32 L2.message=6 L2.weight=32",
                "4 weight=8 L1.message=[8,5,3,1] L2.embedding=[1,2,4,16] @quartiles",
                "4 message=[2,16,7] @deg(1,1000)",
                "L1.embedding=[1,32] L1.message=[32,3] L2.message=[5,32] weight=4 @deg(3)",
                "L1.embedding=2 L2.embedding=3",
                "L1.embedding=e4m3 L1.message=[e2m1,4,4,8] L2.embedding=[e5m2,32,e3m2,2] weight=e4m3 @quartiles",
            })
    void mixedWidthsAndDegreeBucketsOneOfThemEmpty(String text) {
        int packed = 0;
        BitAssignment bits = SmallModels.parse(
                SmallModels.experiment(lanes, SmallModels.recipe(false, "auto", "32")), dataset, text);
        for (String cell :
                List.of("L1.embedding", "L1.message", "L1.weight", "L2.embedding", "L2.message", "L2.weight")) {
            packed += bits.isFp32(org.sgquant.quant.Cell.parse(cell)) ? 0 : 1;
        }
        for (String order : List.of("auto", "transform-first", "aggregate-first")) {
            Recipe recipe = SmallModels.recipe(false, order, text);
            sameEverywhere(folded, recipe, packed);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "4",
                "embedding=4 attention=4",
                "embedding=8 attention=1 message=2 weight=8",
                "embedding=3 attention=[8,4,2] message=[5,4,1] weight=6 @deg(2,5)",
                "embedding=16 attention=16",
                "embedding=e4m3 attention=4 message=[e5m2,3,e2m1] weight=e3m2 @deg(2,5)",
                "L1.embedding=2 message=7",
                "embedding=1",
            })
    void edgeWeights(String text) {
        for (String order : List.of("auto", "transform-first", "aggregate-first")) {
            sameEverywhere(edge, SmallModels.recipe(true, order, text));
        }
    }

    /** Features in sparse form: the same codes, and the same logits as in dense form. */
    @ParameterizedTest
    @CsvSource({
        "1, row, auto",
        "3, row, auto",
        "8, column, transform-first",
        "L1.embedding=1 weight=2 L2.embedding=4 L2.message=4, bucket, aggregate-first",
        "L1.embedding=2 weight=4 L2.embedding=4, column, aggregate-first",
        "L1.embedding=5 weight=4 L2.embedding=4, rowcode, aggregate-first",
        "L1.embedding=1 weight=4 L2.embedding=4, rowcode, transform-first",
        "'L1.embedding=1 L2.embedding=[1,4] L2.message=[4,2] @deg(3)', rowcode, aggregate-first",
    })
    void sparseFeatures(String text, String granularity, String order) {
        Recipe base = SmallModels.recipe(false, order, text);
        Recipe dense = SmallModels.withFeatures(base, granularity, "dense");
        Recipe sparse = SmallModels.withFeatures(base, granularity, "sparse");
        Experiment experiment = SmallModels.experiment(lanes, sparse);
        BitAssignment bits = SmallModels.parse(experiment, dataset, text);
        long packed = experiment.model().cells(bits).stream()
                .filter(shape -> !bits.isFp32(shape.cell()))
                .count();
        sameEverywhere(folded, sparse, (int) packed);
        Inference expected = onCpu(dense);
        Inference actual = onCpu(sparse);
        assertThat(actual.codes()).isEqualTo(expected.codes());
        assertThat(bits(actual.logits())).isDeepEqualTo(bits(expected.logits()));
    }

    /** On another graph the ranges are those of the model, in whatever form its features were saved. */
    @Test
    void anotherGraphIsQuantizedWithTheRangesOfTheModel() {
        List<float[][]> logits = new ArrayList<>();
        try (Dataset other =
                new SyntheticCitationGraph(90, 150, 64, 4, 0.85, 0.5, 8, 0.5, 2, 0.4, 5, 20, 40, 7).generate()) {
            for (String form : List.of("dense", "sparse")) {
                Recipe recipe =
                        SmallModels.withFeatures(SmallModels.recipe(false, "auto", "2 weight=4"), "column", form);
                Path model = SmallModels.save(
                        folder.resolve(form), SmallModels.experiment(lanes, recipe), folded, recipe, dataset);
                try (Predictor predictor = Predictor.open(SavedModel.read(model), other, new CpuBackend(1))) {
                    logits.add(predictor.logits());
                }
            }
        }
        assertThat(bits(logits.get(1))).isDeepEqualTo(bits(logits.get(0)));
    }

    private Inference onCpu(Recipe recipe) {
        Path model =
                SmallModels.save(folder.resolve("cpu"), SmallModels.experiment(lanes, recipe), folded, recipe, dataset);
        try (Predictor predictor = Predictor.open(SavedModel.read(model), dataset, new CpuBackend(1))) {
            return new Inference(predictor.logits(), predictor.codesSha256());
        }
    }

    @Test
    void sparseFeaturesSummedWithEdgeWeightsAreRefusedAndAutoTakesTheDenseForm() {
        Recipe base = SmallModels.recipe(true, "aggregate-first", "4 message=32");
        Recipe sparse = SmallModels.withFeatures(base, "bucket", "sparse");
        assertThatThrownBy(() -> SmallModels.save(
                        folder.resolve("m"), SmallModels.experiment(lanes, sparse), edge, sparse, dataset))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("features form sparse");
        sameEverywhere(edge, SmallModels.withFeatures(base, "bucket", "auto"), 6);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1 weight=4",
                "2 L2.embedding=3",
                "embedding=4 attention=3 message=7 weight=8",
                "embedding=8 attention=16 message=16 weight=4",
                "L1.embedding=1 L1.weight=4 L2.embedding=4 L2.weight=4",
                "L1.embedding=[1,2,4] L2.embedding=[4,32,1] message=[5,1,3] weight=4 attention=4 @deg(2,5)",
            })
    void rowCodes(String text) {
        for (boolean edgeNorm : new boolean[] {false, true}) {
            String bitsText = edgeNorm ? text : text.replaceAll("attention=\\d+", "");
            for (String order : List.of("transform-first", "aggregate-first")) {
                Recipe recipe = SmallModels.recipe(edgeNorm, order, bitsText, "rowcode", "rowcode");
                Experiment experiment = SmallModels.experiment(lanes, recipe);
                BitAssignment bits = SmallModels.parse(experiment, dataset, bitsText);
                long packed = experiment.model().cellNames().stream()
                        .filter(cell -> !bits.isFp32(cell))
                        .count();
                sameEverywhere(edgeNorm ? edge : folded, recipe, (int) packed);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1",
                "2",
                "4",
                "8",
                "4 attention=1",
                "attention=2 L1.embedding=1",
                "embedding=1 message=4",
                "L1.embedding=1 L1.attention=4 L1.message=[8,5,3,1] L2.attention=[1,2,4,8] @quartiles",
                "embedding=3 attention=[32,4,2] message=[5,32,1] weight=6 @deg(2,5)",
                "L1.embedding=1 message=16 L1.attention=16 L2.attention=7",
                "L1.embedding=e4m3 L1.message=[e2m1,5,e3m2] L2.message=e5m2 attention=4 weight=e4m3 @deg(2,5)",
            })
    void heads(String text) {
        sameEverywhere(gat, SmallModels.recipe(GAT, text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1",
                "2",
                "4",
                "8",
                "4 attention=1",
                "attention=2 L1.embedding=1",
                "L1.embedding=1 L2.embedding=[8,5,3,1] L2.attention=4 L3.attention=[1,2,4,8] @quartiles",
                "embedding=[3,32,16] attention=[32,4,2] weight=6 @deg(2,5)",
                "embedding=1",
                "embedding=[e4m3,4,e2m1] attention=[32,4,2] weight=e3m2 @deg(2,5)",
            })
    void cosines(String text) {
        sameEverywhere(agnn, SmallModels.recipe(AGNN, text));
    }

    /** As {@link #sameEverywhere(Experiment.Trained, Recipe, int)}, with codes of every cell that is not 32 bits. */
    private void sameEverywhere(Experiment.Trained start, Recipe recipe) {
        Experiment experiment = SmallModels.experiment(lanes, recipe);
        BitAssignment bits = SmallModels.parse(experiment, dataset, recipe.bits());
        long packed = experiment.model().cellNames().stream()
                .filter(cell -> !bits.isFp32(cell))
                .count();
        sameEverywhere(start, recipe, (int) packed);
    }

    /** Sparse features that stay fp32 are multiplied in double by the reference: only the others are equal. */
    @Test
    void features32BitsWide() {
        for (boolean edgeNorm : new boolean[] {false, true}) {
            Recipe recipe = SmallModels.recipe(edgeNorm, "auto", "8 L1.embedding=32");
            Experiment experiment = SmallModels.experiment(lanes, recipe);
            Path model = SmallModels.save(folder.resolve("m"), experiment, edgeNorm ? edge : folded, recipe, dataset);
            List<int[][]> results = new ArrayList<>();
            for (Supplier<Backend> backend : backends()) {
                try (Predictor predictor = Predictor.open(SavedModel.read(model), dataset, backend.get())) {
                    results.add(bits(predictor.logits()));
                }
            }
            for (int[][] other : results.subList(2, results.size())) {
                assertThat(other).isDeepEqualTo(results.get(1));
            }
        }
    }

    /** The order of the sums differs, the quantized values do not, unless one lies within rounding of a step. */
    @ParameterizedTest
    @ValueSource(strings = {"8", "16 L1.embedding=1", "16 L1.message=32 @deg(2,4)", "L1.embedding=16 L2.embedding=16"})
    void packedLogitsAreThoseOfFakeQuantizationUpToRounding(String text) {
        for (String order : List.of("transform-first", "aggregate-first")) {
            for (boolean edgeNorm : new boolean[] {false, true}) {
                Experiment experiment = SmallModels.experiment(lanes, SmallModels.recipe(edgeNorm, order, text));
                BitAssignment bits = SmallModels.parse(experiment, dataset, text);
                lanes.run(lane -> {
                    try (QuantizedModel model = experiment.fineTuned(
                            lane,
                            edgeNorm ? edge : folded,
                            bits,
                            SmallModels.recipe(edgeNorm, order, text).fineTune().config())) {
                        float[][] fake = fakeQuantized(model, lane.backend());
                        float[][] packed = model.pack().run();
                        double step = text.startsWith("8") ? 0.05 : 2e-3;
                        for (int i = 0; i < fake.length; i++) {
                            for (int c = 0; c < fake[i].length; c++) {
                                assertThat((double) packed[i][c])
                                        .as("node %d class %d, %s, edge norm %s", i, c, order, edgeNorm)
                                        .isBetween(fake[i][c] - step, fake[i][c] + step);
                            }
                        }
                    }
                    return null;
                });
            }
        }
    }

    private static float[][] fakeQuantized(QuantizedModel model, Backend backend) {
        try (Memory memory = backend.newMemory("test")) {
            Tape tape = new Tape();
            Value logits = model.model()
                    .logits(new Forward(tape, Phase.CALIBRATE, model.input(), model.parameters(), model.cells(), null));
            FloatMatrix out = FloatMatrix.allocate(memory, logits.rows(), logits.cols());
            tape.output(logits, out);
            Plan.compile(tape, backend, memory).run();
            return Transfer.download(backend, out);
        }
    }

    @Test
    void theTestIsNotEmpty() {
        assertThat(folded.test().accuracy()).isGreaterThan(40);
        assertThat(edge.test().accuracy()).isGreaterThan(40);
        assertThat(gat.test().accuracy()).isGreaterThan(40);
        assertThat(agnn.test().accuracy()).isGreaterThan(40);
    }
}
