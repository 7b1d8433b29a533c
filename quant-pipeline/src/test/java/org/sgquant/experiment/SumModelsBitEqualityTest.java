package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.GraphBatch;
import org.sgquant.data.GraphCollection;
import org.sgquant.data.NodeTags;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.data.SyntheticGraphCollection;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Transfer;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.reference.ReferenceBackend;
import org.sgquant.model.BatchCells;
import org.sgquant.model.GinConfig;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.ModelSizes;
import org.sgquant.model.Normalization;
import org.sgquant.model.Parameters;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.QuantConfig;
import org.sgquant.quant.QuantizedCells;
import org.sgquant.tensor.QuantScheme;

/** GraphSAGE and GIN, on nodes and on whole graphs: packed inference gives the same bits on every backend. */
class SumModelsBitEqualityTest {

    @TempDir
    private Path folder;

    private record Inference(int[][] logits, SortedMap<String, String> codes) {}

    /** The backends that must agree, the reference first. */
    List<Supplier<Backend>> backends() {
        return List.of(ReferenceBackend::new, () -> new CpuBackend(1), () -> new CpuBackend(3));
    }

    private static int[][] bits(float[][] rows) {
        int[][] bits = new int[rows.length][];
        for (int i = 0; i < rows.length; i++) {
            bits[i] = new int[rows[i].length];
            for (int j = 0; j < bits[i].length; j++) {
                bits[i][j] = Float.floatToRawIntBits(rows[i][j]);
            }
        }
        return bits;
    }

    private static void requireOneResult(List<Inference> results) {
        for (Inference other : results.subList(1, results.size())) {
            assertThat(other.codes()).isEqualTo(results.get(0).codes());
            assertThat(other.logits()).isDeepEqualTo(results.get(0).logits());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "gin,batch,4",
        "gin,layer,3 L1.embedding=1",
        "gin,none,2 L2.embedding=32 weight2=32",
        "gin,batch,'8 hidden=[7,32] L2.embedding=[3,5] @deg(4)'",
        "gin,batch,e4m3 hidden=e2m1",
        "sage,none,4 L1.embedding=1",
        "sage,none,'message=[e5m2,4,e2m1] embedding=e3m2 weight=8 @deg(2,5)'",
        "sage,batch,1 message=2",
        "sage,layer,5 L2.message=32 weight=16",
        "sage,none,'message=[8,4,2] embedding=4 @deg(2,5)'",
    })
    void classifyingNodes(String model, String normalization, String text) {
        Recipe base = SmallModels.recipe(false, "auto", text);
        Recipe recipe = new Recipe(
                base.dataset(),
                ModelSettings.of(
                        model, Map.of("layers", 3, "hidden", 13, "normalization", normalization, "residual", true)),
                new Recipe.Training(8, 0.01f, 0.01f, 100),
                base.fineTune(),
                base.objective(),
                base.quantization(),
                base.qat(),
                base.storage(),
                null,
                text,
                0);
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = SmallModels.lanes(dataset, 1, 2)) {
            Experiment experiment = SmallModels.experiment(lanes, recipe);
            Experiment.Trained trained = experiment.train(0, 1, t -> {}).get(0);
            Path saved = SmallModels.save(folder, experiment, trained, recipe, dataset);
            List<Inference> results = new ArrayList<>();
            for (Supplier<Backend> backend : backends()) {
                try (Predictor predictor = Predictor.open(SavedModel.read(saved), dataset, backend.get())) {
                    results.add(new Inference(bits(predictor.logits()), predictor.codesSha256()));
                }
            }
            requireOneResult(results);
            assertThat(SavedModel.read(saved).metrics().codesSha256())
                    .isEqualTo(results.get(0).codes());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"4 L1.embedding=1", "3", "2 hidden=8", "8 L3.embedding=32", "16 weight=1 weight2=5", "e4m3", "32"
            })
    void classifyingGraphs(String text) {
        GraphCollection graphs = NodeTags.PROFILE.of(new SyntheticGraphCollection(24, 15, 2).generate());
        GinConfig config =
                new GinConfig(3, 13, 0, 0, Normalization.BATCH, true, GinConfig.Pooling.SUM, GinConfig.ReadOut.MLP);
        int[] all = IntStream.range(0, 24).toArray();
        GraphBatch batch = GraphBatch.of(graphs, all, 3);
        List<Inference> results = new ArrayList<>();
        List<float[][]> ranges = null;
        for (Supplier<Backend> device : backends()) {
            try (Backend backend = device.get();
                    GraphInput input = new GraphInput(batch, backend);
                    Parameters parameters =
                            new Parameters(config.create(ModelSizes.of(input)).parameters(), backend)) {
                parameters.initialize(5);
                Model model = config.create(ModelSizes.of(input));
                BitAssignment bits = BitAssignment.parse(text, model.cellNames(), new int[0]);
                try (QuantizedCells cells = BatchCells.of(model, input, bits, QuantConfig.DEFAULT, backend)) {
                    // Ranges come from training, which may differ in last bits: all take those of the first.
                    ranges = ranges == null ? made(cells) : ranges;
                    write(cells, ranges, backend);
                    try (QuantizedModel packed = BatchCells.quantized(model, input, parameters, cells, backend)) {
                        float[][] logits = packed.pack().run();
                        results.add(new Inference(bits(logits), packed.codesSha256()));
                    }
                }
            }
        }
        assertThat(results.get(0).logits()).hasDimensions(24, 2);
        requireOneResult(results);
    }

    /** Scale and offset of every block in turn: ranges from 0 up, as the values behind a relu have. */
    private static List<float[][]> made(QuantizedCells cells) {
        List<float[][]> ranges = new ArrayList<>();
        for (QuantScheme scheme : cells.schemes().values()) {
            boolean weight = scheme.name().contains("weight");
            for (QuantScheme.Block block : scheme.blocks()) {
                int n = block.params().scale().cols();
                float[][] values = new float[2][n];
                for (int i = 0; i < n; i++) {
                    float span = weight ? 1.5f : 4 + i % 3;
                    values[0][i] =
                            block.bits().isInteger() ? span / block.bits().maxCode() : 1;
                    values[1][i] = weight ? -0.75f : 0;
                }
                ranges.add(values);
            }
        }
        return ranges;
    }

    private static void write(QuantizedCells cells, List<float[][]> ranges, Backend backend) {
        int next = 0;
        for (QuantScheme scheme : cells.schemes().values()) {
            for (QuantScheme.Block block : scheme.blocks()) {
                float[][] values = ranges.get(next++);
                Transfer.copy(backend, new float[][] {values[0]}, block.params().scale());
                Transfer.copy(backend, new float[][] {values[1]}, block.params().offset());
            }
        }
    }
}
