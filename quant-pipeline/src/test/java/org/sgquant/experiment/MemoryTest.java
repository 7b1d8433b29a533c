package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.ModelSizes;
import org.sgquant.model.Parameters;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.CellShape;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.quant.MemoryReport;
import org.sgquant.quant.QuantConfig;
import org.sgquant.search.SearchSpace;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.HostMemory;

/** Bytes that are reported: by hand, and by the search before it has a model. */
final class MemoryTest {

    private static MemoryReport report(
            Dataset dataset, Recipe recipe, BitAssignment bits, List<CellShape> shapes, Backend backend) {
        Dataset ordered = dataset.permuted(bits.buckets().order(dataset.degrees()));
        try (GraphInput input = new GraphInput(ordered, backend)) {
            Model model = recipe.model().config().create(ModelSizes.of(input));
            shapes.clear();
            shapes.addAll(model.cells(bits));
            try (Parameters parameters = new Parameters(model.parameters(), backend);
                    QuantizedModel quantized =
                            new QuantizedModel(model, input, parameters, bits, recipe.quantConfig(), null, backend)) {
                quantized.pack();
                return quantized.memory();
            }
        } finally {
            ordered.close();
        }
    }

    /**
     * SMALL is 200 nodes, 800 directed edges, 64 words, 4 classes; 16 hidden units. Row strides: 64 x 1 bit = 8 bytes,
     * 16 x 4 bits = 8, 4 x 8 bits = 4, 16 x 32 bits = 64.
     */
    @Test
    void everyByteOfASmallModelIsThatCountedByHand() {
        long before = HostMemory.liveBytes();
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Backend backend = new CpuBackend(1);
                Lanes lanes = SmallModels.lanes(dataset, 1, 1)) {
            assertThat(dataset.graph().numEdges()).isEqualTo(800);
            Recipe recipe = SmallModels.recipe(false, "auto", "32");
            BitAssignment bits = SmallModels.parse(
                    SmallModels.experiment(lanes, recipe),
                    dataset,
                    "L1.embedding=1 L1.message=4 L1.weight=2 L2.embedding=4 L2.message=8");
            MemoryReport m = report(dataset, recipe, bits, new ArrayList<>(), backend);
            long x = 200 * 8 + 200 * 8;
            long message1 = 200 * 8 + 16 * 8;
            long weight1 = 64 * 4 + 16 * 8;
            long embedding2 = 200 * 8 + 16 * 8;
            long message2 = 200 * 4 + 4 * 8;
            long weight2 = 4 * 16 * 4;
            long inner = message1 + weight1 + embedding2 + message2;
            long biases = 4 * (16 + 4);
            long norm = 4 * 200;
            long csr = 4 * (201 + 1000);
            assertThat(m.fp32Bytes()).isEqualTo(4 * 200 * (64 + 16));
            assertThat(m.payloadBytes()).isEqualTo(200 * (64 + 16 * 4) / 8);
            assertThat(m.storedBytes()).isEqualTo(x + inner);
            assertThat(m.innerStoredBytes()).isEqualTo(inner + weight2);
            assertThat(m.totalBytes()).isEqualTo(x + inner + weight2 + biases + norm + csr);
            double csrFeatures = 8.0 * dataset.features().nonZeros() + 4 * 201;
            double fp32Cells = csrFeatures + 4 * (200 * (16 + 16 + 4) + 64 * 16 + 16 * 4);
            assertThat(m.savingAll()).isEqualTo((fp32Cells + biases + norm + csr) / m.totalBytes());
            assertThat(m.savingPayload()).isEqualTo(64000.0 / 3200);
            assertThat(m.savingStored()).isEqualTo(64000.0 / (x + inner));
            assertThat(m.averageBits()).isEqualTo((64 + 16 * 4) / 80.0);
            double innerBits = 200 * (16 * 4 + 16 * 4 + 4 * 8) + 64 * 16 * 2 + 64 * 32;
            double innerValues = 200 * (16 + 16 + 4) + 64 * 16 + 64;
            assertThat(m.bitsInner()).isCloseTo(innerBits / innerValues, within(1e-12));
            assertThat(m.bitsAll()).isCloseTo((innerBits + 200 * 64) / (innerValues + 200 * 64), within(1e-12));
        }
        assertThat(HostMemory.liveBytes()).isEqualTo(before);
    }

    @Test
    void aggregateFirstLayersHaveNoMessageToCount() {
        String text = "L1.embedding=1 L1.weight=4 L2.embedding=4 L2.weight=4";
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Backend backend = new CpuBackend(1);
                Lanes lanes = SmallModels.lanes(dataset, 1, 1)) {
            Recipe recipe = SmallModels.recipe(false, "aggregate-first", "32");
            BitAssignment bits = SmallModels.parse(SmallModels.experiment(lanes, recipe), dataset, text);
            MemoryReport m = report(dataset, recipe, bits, new ArrayList<>(), backend);
            // Summed features have a scale per bucket; 4 x 4 bits take a row of 2 bytes.
            long x = 200 * 8 + 8;
            long inner = 64 * 8 + 16 * 8 + 200 * 8 + 16 * 8 + 16 * 2 + 4 * 8;
            assertThat(m.bitsInner()).isEqualTo(4);
            assertThat(m.innerStoredBytes()).isEqualTo(inner);
            assertThat(m.storedBytes()).isEqualTo(x + inner);
            assertThat(m.cellBytes()).isEqualTo(x + inner);
            double innerValues = 64 * 16 + 200 * 16 + 16 * 4;
            assertThat(m.bitsAll()).isEqualTo((4 * innerValues + 200 * 64) / (innerValues + 200 * 64));
            long other = 4 * (16 + 4) + 4 * 200 + 4 * (201 + 1000);
            assertThat(m.totalBytes()).isEqualTo(x + inner + other);

            Recipe transformFirst = SmallModels.recipe(false, "transform-first", "32");
            MemoryReport t = report(dataset, transformFirst, bits, new ArrayList<>(), backend);
            assertThat(t.innerStoredBytes()).isEqualTo(inner + 4 * 200 * (16 + 4));
        }
    }

    /** 1000 edges with self loops; a row of 8 heads x 4 bits is 4 bytes, one of 1 head x 2 bits a whole byte. */
    @Test
    void attentionOfEveryEdgeAndHeadIsCounted() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Backend backend = new CpuBackend(1);
                Lanes lanes = SmallModels.lanes(dataset, 1, 1)) {
            Recipe recipe = SmallModels.recipe(ModelSettings.of("gat", Map.of()), "32");
            BitAssignment bits =
                    SmallModels.parse(SmallModels.experiment(lanes, recipe), dataset, "L1.attention=4 L2.attention=2");
            MemoryReport m = report(dataset, recipe, bits, new ArrayList<>(), backend);
            long fp32Payload = 4L * 200 * (64 + 64);
            long attention1 = 1000 * 4 + 8;
            long attention2 = 1000 + 8;
            assertThat(m.fp32Bytes()).isEqualTo(fp32Payload + 4 * 1000 * (8 + 1));
            assertThat(m.payloadBytes()).isEqualTo(fp32Payload + 1000 * (8 * 4 + 2) / 8);
            assertThat(m.storedBytes()).isEqualTo(attention1 + attention2);
            long messages = 4 * 200 * (64 + 4);
            long weights = 4 * (64 * 64 + 64 * 4);
            long embedding2 = 4 * 200 * 64;
            assertThat(m.innerStoredBytes()).isEqualTo(attention1 + attention2 + messages + weights + embedding2);
        }
    }

    /** A mean over neighbours reads 800 edges without self loops, and 1 / degree of every node. */
    @Test
    void whatAMeanReadsOfTheGraphIsCounted() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Backend backend = new CpuBackend(1);
                Lanes lanes = SmallModels.lanes(dataset, 1, 1)) {
            Recipe recipe = SmallModels.recipe(ModelSettings.of("sage", Map.of("hidden", 16)), "32");
            BitAssignment bits = SmallModels.parse(SmallModels.experiment(lanes, recipe), dataset, "4");
            MemoryReport m = report(dataset, recipe, bits, new ArrayList<>(), backend);
            assertThat(m.totalBytes() - m.cellBytes()).isEqualTo(4 * (16 + 4) + 4 * (201 + 800) + 4 * 200);
        }
    }

    static Stream<ModelSettings> models() {
        return Stream.of(
                ModelSettings.of("gcn", Map.of("norm", "folded")),
                ModelSettings.of("gcn", Map.of("norm", "edge")),
                ModelSettings.of("gat", Map.of("heads", 3)),
                ModelSettings.of("agnn", Map.of()));
    }

    @Test
    void theSparseFormOfTheFeaturesIsCountedToTheByte() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Backend backend = new CpuBackend(1);
                Lanes lanes = SmallModels.lanes(dataset, 1, 1)) {
            String text = "L1.embedding=1 L1.message=4 L1.weight=2 L2.embedding=4 L2.message=8";
            Recipe base = SmallModels.recipe(false, "auto", text);
            BitAssignment bits = SmallModels.parse(SmallModels.experiment(lanes, base), dataset, text);
            List<CellShape> shapes = new ArrayList<>();
            Recipe sparse = SmallModels.withFeatures(base, "row", "sparse");
            MemoryReport dense = report(dataset, base, bits, shapes, backend);
            MemoryReport m = report(dataset, sparse, bits, shapes, backend);
            MemoryReport.CellBytes x = m.cells().get(0);
            assertThat(x.cell()).isEqualTo("L1.embedding");
            assertThat(x.form()).isEqualTo("sparse");
            assertThat(dense.cells().get(0).form()).isEqualTo("dense");
            assertThat(dense.cells().get(0).storedBytes()).isEqualTo(200 * 8 + 200 * 8);
            assertThat(m.storedBytes() - m.innerStoredBytes() + 4 * 16 * 4).isEqualTo(x.storedBytes());
            assertThat(m.innerStoredBytes()).isEqualTo(dense.innerStoredBytes());
            assertThat(m.payloadBytes()).isEqualTo(dense.payloadBytes());
            assertThat(m.savingStored()).isEqualTo((double) m.fp32Bytes() / m.storedBytes());
            long csr = 8 * dataset.features().nonZeros() + 4 * 201;
            assertThat(m.fp32CsrBytes()).isEqualTo(csr + 4 * 200 * 16);
            assertThat(m.savingStoredCsr()).isEqualTo((double) m.fp32CsrBytes() / m.storedBytes());
            Recipe auto = SmallModels.withFeatures(base, "row", "auto");
            long least = Math.min(x.storedBytes(), dense.cells().get(0).storedBytes());
            assertThat(report(dataset, auto, bits, shapes, backend)
                            .cells()
                            .get(0)
                            .storedBytes())
                    .isEqualTo(least);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void theSearchKnowsTheStoredBytesOfEveryAssignment(ModelSettings settings) {
        long seed = Long.getLong("sgquant.seed", System.nanoTime());
        Random random = new Random(seed);
        List<Integer> all = List.of(1, 2, 3, 4, 5, 6, 7, 8, 16, 32);
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Backend backend = new CpuBackend(1)) {
            for (DegreeBuckets buckets : List.of(
                    DegreeBuckets.NONE, DegreeBuckets.quartiles(dataset.degrees()), new DegreeBuckets(2, 1000))) {
                List<CellShape> shapes = new ArrayList<>();
                // Messages weighted by attention have no row codes.
                boolean rowCodes = settings.config().name().equals("gcn") && random.nextBoolean();
                String granularity = rowCodes ? "rowcode" : "column";
                Recipe recipe =
                        SmallModels.recipe(settings, "32", random.nextBoolean() ? "row" : "rowcode", granularity);
                Model model = recipe.model().config().create(ModelSizes.of(dataset, dataset.numClasses()));
                QuantConfig config = recipe.quantConfig();
                report(dataset, recipe, BitAssignment.of(Map.of(), buckets), shapes, backend);
                BitSpace space = new BitSpace(model, buckets, dataset.degrees(), config, all, all);
                for (int i = 0; i < 30; i++) {
                    List<Integer> point = space.space().dimensions().stream()
                            .map(d -> d.choices().get(random.nextInt(d.choices().size())))
                            .toList();
                    BitAssignment bits = space.assignment(point);
                    MemoryReport memory = report(dataset, recipe, bits, shapes, backend);
                    assertThat(space.storedBytes(bits, false))
                            .as("%s, replay with -Dsgquant.seed=%d", bits, seed)
                            .isEqualTo(memory.innerStoredBytes());
                    long features = bits.isFp32(Cell.parse("L1.embedding")) ? 4L * 200 * 64 : 0;
                    long inner = memory.innerStoredBytes();
                    long fp32 = fp32InnerBytes(shapes, bits);
                    assertThat(space.storedBytes(bits, true))
                            .as("%s, replay with -Dsgquant.seed=%d", bits, seed)
                            .isEqualTo(memory.storedBytes() + fp32 + features);
                    assertThat(inner).isGreaterThanOrEqualTo(fp32);
                }
            }
        }
    }

    /** Levels of weights are stored too, and a search offers only widths that their form has. */
    @Test
    void theSpaceCountsTheLevelsOfWeightsAndOffersTheirWidths() {
        Recipe.Quantization.Weights multibit = new Recipe.Quantization.Weights(null, null, null, true);
        Recipe.Quantization.Weights powers = new Recipe.Quantization.Weights(null, "nearest", List.of(1.0), null);
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Backend backend = new CpuBackend(1)) {
            for (Recipe.Quantization.Weights weights : List.of(multibit, powers)) {
                Recipe recipe = SmallModels.recipe(false, "auto", "32", "mse", weights);
                Model model = recipe.model().config().create(ModelSizes.of(dataset, dataset.numClasses()));
                QuantConfig config = recipe.quantConfig();
                List<Integer> all = List.of(1, 2, 3, 4, 8);
                BitSpace space = new BitSpace(model, DegreeBuckets.NONE, dataset.degrees(), config, all, all);
                List<Integer> widths = weights.equals(multibit) ? List.of(1, 2, 3, 4) : List.of(2, 3, 4, 8);
                for (int i = 0; i < widths.size(); i++) {
                    int at = i;
                    List<Integer> point = space.space().dimensions().stream()
                            .map(d -> d.cell().endsWith("weight")
                                    ? d.choices().get(at)
                                    : d.choices().getLast())
                            .toList();
                    BitAssignment bits = space.assignment(point);
                    assertThat(bits.widths(Cell.parse("L1.weight"))).containsExactly(BitWidth.of(widths.get(i)));
                    MemoryReport memory = report(dataset, recipe, bits, new ArrayList<>(), backend);
                    assertThat(space.storedBytes(bits, false)).isEqualTo(memory.innerStoredBytes());
                }
                assertThatThrownBy(() ->
                                new BitSpace(model, DegreeBuckets.NONE, dataset.degrees(), config, all, List.of(16)))
                        .hasMessageContaining("bits, got 16");
            }
        }
    }

    private static long fp32InnerBytes(List<CellShape> shapes, BitAssignment bits) {
        return shapes.stream()
                .filter(s -> bits.isFp32(s.cell()) && !QuantConfig.isFeatures(s.cell()))
                .mapToLong(s -> 4 * s.values())
                .sum();
    }

    @Test
    void assignmentsOfTheSpaceNameEveryCellAndBucket() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate()) {
            Model model = GcnConfig.DEFAULT.create(ModelSizes.of(dataset, dataset.numClasses()));
            BitSpace space = new BitSpace(
                    model, new DegreeBuckets(3), dataset.degrees(), QuantConfig.DEFAULT, List.of(1), List.of(2, 4));
            assertThat(space.space().dimensions().stream().map(SearchSpace.Dimension::cell))
                    .containsExactly(
                            "L1.embedding",
                            "L1.message[0]",
                            "L1.message[1]",
                            "L1.weight",
                            "L2.embedding[0]",
                            "L2.embedding[1]",
                            "L2.message[0]",
                            "L2.message[1]",
                            "L2.weight");
            BitAssignment bits = space.assignment(List.of(1, 2, 4, 2, 2, 2, 4, 2, 4));
            assertThat(bits)
                    .hasToString("L1.embedding=1 L1.message=[2,4] L1.weight=2 L2.embedding=2 L2.message=[4,2]"
                            + " L2.weight=4 @deg(3)");
            assertThat(bits.widths(Cell.parse("L2.embedding"))).containsExactly(BitWidth.Q2, BitWidth.Q2);
        }
    }
}
