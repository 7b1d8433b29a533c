package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.sgquant.data.ColorRefinement;
import org.sgquant.data.GraphBatch;
import org.sgquant.data.GraphCollection;
import org.sgquant.data.Split;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Calibration;
import org.sgquant.model.BatchCells;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.ModelConfig;
import org.sgquant.model.ModelSizes;
import org.sgquant.model.PackedInference;
import org.sgquant.model.Parameters;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.CellCount;
import org.sgquant.quant.MemoryReport;
import org.sgquant.quant.QatConfig;
import org.sgquant.quant.QuantConfig;
import org.sgquant.quant.QuantizedCells;
import org.sgquant.tensor.Granularity;
import org.sgquant.train.BatchTrainer;
import org.sgquant.train.Metrics;
import org.sgquant.train.Objective;
import org.sgquant.train.TrainConfig;
import org.sgquant.train.Trainer;

/**
 * One model that classifies the graphs of a collection, over its folds: fp32 training, then fine-tuning and packed
 * evaluation per assignment.
 *
 * <p>Fold f has seed f. Checkpoints are chosen on a ninth of its training graphs; its test graphs are read once per
 * model, and for quantized models from packed inference of one batch of all of them. Training computes each layer once
 * per colour of refinement ({@link GraphBatch#compressed}), which loses nothing; packed inference computes every node.
 */
public final class GraphLevelExperiment {

    /**
     * Quantization that suits sums over neighbours, whose hubs are hundreds of deviations away from all others: the range
     * leaves out the largest hundredth, and the gradient beyond it is 0.
     */
    public static final QuantConfig QUANTIZATION = new QuantConfig(
            QuantConfig.DEFAULT.featuresGranularity(),
            QuantConfig.DEFAULT.featuresCalibration(),
            QuantConfig.DEFAULT.innerGranularity(),
            Calibration.percentile(0.99),
            QuantConfig.DEFAULT.rounding(),
            true,
            QuantConfig.DEFAULT.featuresForm(),
            QatConfig.OFF,
            QuantConfig.DEFAULT.weights());

    /** Training graphs that ranges are set from. */
    private static final int CALIBRATION_GRAPHS = 256;

    private final GraphCollection graphs;
    private final ColorRefinement colors;
    private final Lanes lanes;
    private final int layers;
    private final ModelConfig modelConfig;
    private final TrainConfig trainConfig;
    private final TrainConfig fineTuneConfig;
    private final QuantConfig quantConfig;
    private final Batching batching;

    /** Graphs per batch, and ways in which the training graphs are cut into batches, which epochs take in turn. */
    public record Batching(int graphs, int partitions) {

        public static final Batching DEFAULT = new Batching(32, 3);

        public Batching {
            if (graphs < 1 || partitions < 1) {
                throw new IllegalArgumentException(
                        "batches need at least 1 graph and 1 partition, got " + graphs + " and " + partitions);
            }
        }
    }

    public GraphLevelExperiment(
            GraphCollection graphs,
            Lanes lanes,
            ModelConfig modelConfig,
            TrainConfig trainConfig,
            TrainConfig fineTuneConfig,
            QuantConfig quantConfig,
            Batching batching) {
        check(quantConfig);
        this.graphs = graphs;
        this.lanes = lanes;
        this.layers = modelConfig.graphLayers();
        this.colors = ColorRefinement.of(graphs, layers);
        this.modelConfig = modelConfig;
        this.trainConfig = trainConfig;
        this.fineTuneConfig = fineTuneConfig;
        this.quantConfig = quantConfig;
        this.batching = batching;
    }

    /** The experiment that {@code recipe} describes on {@code graphs}, which have its tags. */
    public static GraphLevelExperiment of(GraphCollection graphs, Lanes lanes, Recipe recipe) {
        check(recipe);
        return new GraphLevelExperiment(
                graphs,
                lanes,
                recipe.model().config(),
                recipe.train().config(),
                recipe.fineTune().config(),
                recipe.quantConfig(),
                recipe.wholeGraphs().batching());
    }

    /** Refuses a recipe that is not for whole graphs, before any is read. */
    public static void check(Recipe recipe) {
        recipe.check();
        recipe.model().config().graphLayers();
        check(recipe.quantConfig());
        recipe.wholeGraphs().tags();
        recipe.wholeGraphs().batching();
        if (!recipe.trainingObjective().equals(Objective.PLAIN)
                || recipe.dataset().labelNoise() != null) {
            throw new IllegalArgumentException("whole graphs are trained on their labels by the plain cross-entropy:"
                    + " label noise, corrected losses and distillation are for the nodes of one graph");
        }
    }

    private static void check(QuantConfig quantConfig) {
        if (!quantConfig.qat().equals(QatConfig.OFF)
                || quantConfig.innerGranularity() == Granularity.ROW_CODE
                || quantConfig.weights().powers() != null) {
            throw new IllegalArgumentException(
                    "batches of graphs share their ranges: learned steps, masks, row codes and powers of two"
                            + " are for the nodes of one graph");
        }
    }

    /** A trained fp32 model of a fold: its weights on the host and its accuracies. */
    public record Trained(int fold, List<float[][]> weights, Metrics validation, Metrics test, double seconds) {}

    /** A packed model of a fold; test accuracy in percent and bytes of its packed inference of the test graphs. */
    public record Packed(
            int fold,
            Metrics validation,
            Metrics test,
            List<float[][]> weights,
            MemoryReport memory,
            List<CellCount> cells,
            long peakBytes,
            double seconds) {}

    public GraphCollection graphs() {
        return graphs;
    }

    public Lanes lanes() {
        return lanes;
    }

    /** The model as it is on the test graphs of fold 0. */
    public Model model() {
        return lanes.run(lane -> {
            try (GraphInput input = nodes(graphs.split(0).test(), lane.backend())) {
                return model(input);
            }
        });
    }

    private Model model(GraphInput input) {
        return modelConfig.create(ModelSizes.of(input));
    }

    /** Parses bits for this model; degree buckets are refused. */
    public BitAssignment parse(String text) {
        BitAssignment bits = BitAssignment.parse(text, model().cellNames(), new int[0]);
        if (bits.buckets().count() > 1) {
            throw new IllegalArgumentException(
                    "bits '" + text + "': degree buckets are for the nodes of one graph, not for batches of graphs");
        }
        return bits;
    }

    /** Trains the first {@code folds} folds in fp32; {@code progress} hears of each as it ends. */
    public List<Trained> train(int folds, Consumer<Trained> progress) {
        return lanes.map(folds, fold -> lane -> {
            Trained trained = train(lane.backend(), fold);
            progress.accept(trained);
            return trained;
        });
    }

    /** Trains fold {@code fold} in fp32. */
    public Trained train(Backend backend, int fold) {
        long start = System.nanoTime();
        Split split = graphs.split(fold);
        try (Inputs inputs = new Inputs(split, fold, false, backend);
                Parameters parameters = new Parameters(model(inputs.validation).parameters(), backend);
                BatchTrainer trainer = new BatchTrainer(
                        modelConfig, inputs.batches, null, inputs.validation, parameters, null, backend)) {
            parameters.initialize(fold);
            Metrics validation = trainer.train(trainConfig, fold);
            try (GraphInput test = compressed(split.test(), backend)) {
                Metrics tested = Trainer.evaluate(model(test), test, parameters, test.test(), backend);
                return new Trained(fold, parameters.toHost(), validation, tested, seconds(start));
            }
        }
    }

    /** Fine-tunes and packs every trained model under {@code bits}. */
    public List<Packed> quantize(List<Trained> trained, BitAssignment bits, Consumer<Packed> progress) {
        return lanes.map(trained.size(), i -> lane -> {
            Packed packed = quantize(lane.backend(), trained.get(i), bits);
            progress.accept(packed);
            return packed;
        });
    }

    /** Fine-tunes and packs one trained model and measures its packed inference. */
    public Packed quantize(Backend backend, Trained start, BitAssignment bits) {
        long began = System.nanoTime();
        Split split = graphs.split(start.fold());
        try (Inputs inputs = new Inputs(split, start.fold(), true, backend);
                Parameters parameters = restored(start, model(inputs.validation), backend);
                QuantizedCells ranges =
                        BatchCells.of(model(inputs.calibration), inputs.calibration, bits, quantConfig, backend);
                BatchTrainer trainer = new BatchTrainer(
                        modelConfig,
                        inputs.batches,
                        inputs.calibration,
                        inputs.validation,
                        parameters,
                        ranges,
                        backend)) {
            Metrics validation = trainer.train(fineTuneConfig, start.fold());
            try (GraphInput test = nodes(split.test(), backend);
                    QuantizedModel quantized = BatchCells.quantized(model(test), test, parameters, ranges, backend)) {
                PackedInference inference = quantized.pack();
                int[] labels =
                        Arrays.stream(split.test()).map(g -> graphs.labels()[g]).toArray();
                int[] all = new int[labels.length];
                Arrays.setAll(all, g -> g);
                Metrics tested = Predictions.metrics(inference.run(), labels, all);
                return new Packed(
                        start.fold(),
                        validation,
                        tested,
                        parameters.toHost(),
                        quantized.memory(),
                        quantized.cellCounts(),
                        inference.peakBytes(),
                        seconds(began));
            }
        }
    }

    private static Parameters restored(Trained start, Model model, Backend backend) {
        Parameters parameters = new Parameters(model.parameters(), backend);
        for (int i = 0; i < start.weights().size(); i++) {
            parameters.set(i, start.weights().get(i));
        }
        return parameters;
    }

    private GraphInput compressed(int[] some, Backend backend) {
        return new GraphInput(GraphBatch.compressed(colors, some), backend);
    }

    private GraphInput nodes(int[] some, Backend backend) {
        return new GraphInput(GraphBatch.of(graphs, some, layers), backend);
    }

    /** The batches of a fold on a device. */
    private final class Inputs implements AutoCloseable {
        private final List<List<GraphInput>> batches = new ArrayList<>();
        private final GraphInput validation;
        private final GraphInput calibration;

        Inputs(Split split, long seed, boolean quantized, Backend backend) {
            Random random = new Random(seed);
            int[] order = split.train().clone();
            for (int p = 0; p < batching.partitions(); p++) {
                shuffle(order, random);
                List<GraphInput> partition = new ArrayList<>();
                int count = Math.max(1, Math.round(order.length / (float) batching.graphs()));
                for (int b = 0; b < count; b++) {
                    int from = (int) ((long) order.length * b / count);
                    int to = (int) ((long) order.length * (b + 1) / count);
                    partition.add(compressed(Arrays.copyOfRange(order, from, to), backend));
                }
                batches.add(partition);
            }
            validation = compressed(split.validation(), backend);
            calibration = quantized
                    ? compressed(Arrays.copyOf(order, Math.min(order.length, CALIBRATION_GRAPHS)), backend)
                    : null;
        }

        @Override
        public void close() {
            batches.forEach(partition -> partition.forEach(GraphInput::close));
            validation.close();
            if (calibration != null) {
                calibration.close();
            }
        }
    }

    private static void shuffle(int[] values, Random random) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = values[i];
            values[i] = values[j];
            values[j] = swapped;
        }
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }
}
