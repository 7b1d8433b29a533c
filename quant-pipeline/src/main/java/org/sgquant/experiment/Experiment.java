package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import org.sgquant.data.Dataset;
import org.sgquant.kernels.Transfer;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.ModelConfig;
import org.sgquant.model.ModelSizes;
import org.sgquant.model.PackedInference;
import org.sgquant.model.Parameters;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.CellCount;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.quant.FeatureCodes;
import org.sgquant.quant.MemoryReport;
import org.sgquant.quant.QatConfig;
import org.sgquant.quant.QuantConfig;
import org.sgquant.quant.WeightConfig;
import org.sgquant.report.DryRunReport;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.train.Metrics;
import org.sgquant.train.Objective;
import org.sgquant.train.PowerFreezing;
import org.sgquant.train.TrainConfig;
import org.sgquant.train.Trainer;

/**
 * One model on one graph over several seeds: fp32 training, then fine-tuning and packed evaluation per assignment.
 *
 * <p>Checkpoints are chosen on validation; test labels are read once per seed, at the chosen checkpoint, and for
 * quantized models from packed inference.
 */
public final class Experiment {

    private final Lanes lanes;
    private final ModelConfig modelConfig;
    private final TrainConfig trainConfig;
    private final TrainConfig fineTuneConfig;
    private final QuantConfig quantConfig;
    private final Objective objective;

    /** Trains on the plain cross-entropy. */
    public Experiment(
            Lanes lanes,
            ModelConfig modelConfig,
            TrainConfig trainConfig,
            TrainConfig fineTuneConfig,
            QuantConfig quantConfig) {
        this(lanes, modelConfig, trainConfig, fineTuneConfig, quantConfig, Objective.PLAIN);
    }

    /** Trains on {@code objective}; what it says of distillation is for fine-tuning alone. */
    public Experiment(
            Lanes lanes,
            ModelConfig modelConfig,
            TrainConfig trainConfig,
            TrainConfig fineTuneConfig,
            QuantConfig quantConfig,
            Objective objective) {
        this.lanes = lanes;
        this.modelConfig = modelConfig;
        this.trainConfig = trainConfig;
        this.fineTuneConfig = fineTuneConfig;
        this.quantConfig = quantConfig;
        this.objective = objective;
    }

    /** The experiment that {@code recipe} describes. */
    public static Experiment of(Lanes lanes, Recipe recipe) {
        return new Experiment(
                lanes,
                recipe.model().config(),
                recipe.train().config(),
                recipe.fineTune().config(),
                recipe.quantConfig(),
                recipe.trainingObjective());
    }

    /** A trained fp32 model: its weights on the host and its accuracies. */
    public record Trained(long seed, List<float[][]> weights, Metrics validation, Metrics test, double seconds) {}

    /** A packed model's outcome; accuracies in percent, from packed inference; weights and ranges as it was packed. */
    public record Packed(
            long seed,
            Metrics validation,
            Metrics test,
            List<float[][]> weights,
            List<float[][]> ranges,
            MemoryReport memory,
            List<CellCount> cells,
            long peakBytes,
            double fineTuneSeconds) {}

    /** What a search sees of a packed model: validation only; seconds of an inference, NaN where they are not asked for. */
    public record Validated(Metrics validation, MemoryReport memory, double latencySeconds) {}

    /** Runs a timing of a model when it may: with nobody else timing, or not at all, which gives NaN. */
    @FunctionalInterface
    interface Clock {
        Clock NONE = timing -> Double.NaN;

        double seconds(DoubleSupplier timing);
    }

    /** This experiment with learned scales, whatever its fine-tuning does otherwise. */
    Experiment withLearnedSteps() {
        QatConfig qat = quantConfig.qat();
        return new Experiment(
                lanes,
                modelConfig,
                trainConfig,
                fineTuneConfig,
                quantConfig.withQat(new QatConfig(true, qat.stepRate(), qat.protection())),
                objective);
    }

    public Lanes lanes() {
        return lanes;
    }

    /** The model as it is on this graph; takes no lane, so that who holds the only one may ask. */
    public Model model() {
        return modelConfig.create(ModelSizes.of(lanes.dataset(), lanes.dataset().numClasses()));
    }

    /** Bits for this model and graph; refuses widths that the form of the weights does not have. */
    public BitAssignment parse(String text) {
        List<Cell> cells = model().cellNames();
        BitAssignment bits = BitAssignment.parse(text, cells, lanes.dataset().degrees());
        for (Cell cell : cells) {
            if (cell.component().isWeight()) {
                bits.widths(cell).forEach(quantConfig.weights()::requireWidth);
            }
        }
        return bits;
    }

    /** What models packed under {@code bits} will take; nothing is trained. */
    public DryRunReport dryRun(BitAssignment bits) {
        return new DryRun(lanes, modelConfig, quantConfig, DryRun.QUICK_VALUES).report(bits);
    }

    /** Trains seeds {@code firstSeed ...} in fp32; {@code progress} hears of each as it ends. */
    public List<Trained> train(long firstSeed, int seeds, Consumer<Trained> progress) {
        return lanes.map(seeds, i -> lane -> {
            Trained trained = train(lane, firstSeed + i);
            progress.accept(trained);
            return trained;
        });
    }

    Trained train(Lanes.Lane lane, long seed) {
        long start = System.nanoTime();
        GraphInput input = lane.input(DegreeBuckets.NONE);
        Model model = modelConfig.create(ModelSizes.of(input));
        try (Parameters parameters = new Parameters(model.parameters(), lane.backend());
                Trainer trainer = new Trainer(
                        model,
                        input,
                        parameters,
                        null,
                        new Trainer.Task(objective.withoutDistillation(), null, Map.of()),
                        lane.backend())) {
            parameters.initialize(seed);
            Metrics validation = trainer.train(trainConfig, seed);
            Metrics test = Trainer.evaluate(model, input, parameters, input.test(), lane.backend());
            return new Trained(seed, parameters.toHost(), validation, test, seconds(start));
        }
    }

    /** Fine-tunes and packs every trained model under {@code bits}. */
    public List<Packed> quantize(List<Trained> trained, BitAssignment bits, Consumer<Packed> progress) {
        return lanes.map(trained.size(), i -> lane -> {
            Packed packed = quantize(lane, trained.get(i), bits, fineTuneConfig);
            progress.accept(packed);
            return packed;
        });
    }

    /** Fine-tunes and packs one trained model and measures its packed inference. */
    public Packed quantize(Lanes.Lane lane, Trained start, BitAssignment bits, TrainConfig fineTune) {
        long began = System.nanoTime();
        try (QuantizedModel quantized = fineTuned(lane, start, bits, fineTune)) {
            double fineTuneSeconds = seconds(began);
            PackedInference inference = quantized.pack();
            float[][] logits = inference.run();
            GraphInput input = quantized.input();
            int[] labels = input.dataset().labels();
            return new Packed(
                    start.seed(),
                    Predictions.metrics(logits, labels, input.dataset().split().validation()),
                    Predictions.metrics(logits, labels, input.dataset().split().test()),
                    quantized.parameters().toHost(),
                    toHost(lane, quantized.cells().ranges()),
                    quantized.memory(),
                    quantized.cellCounts(),
                    inference.peakBytes(),
                    fineTuneSeconds);
        }
    }

    /** Fine-tunes and packs one trained model and reads its validation nodes alone. */
    public Validated validate(Lanes.Lane lane, Trained start, BitAssignment bits, TrainConfig fineTune) {
        try (QuantizedModel quantized = fineTuned(lane, start, bits, fineTune)) {
            return validated(quantized, quantized.pack().run(), Clock.NONE);
        }
    }

    /** The same, where {@code known}, of this lane, spares what earlier calls have computed. */
    Validated validate(
            Lanes.Lane lane, Trained start, BitAssignment bits, TrainConfig fineTune, TrialMemory known, Clock clock) {
        if (fineTune.epochs() == 0 && quantConfig.weights().isAffine()) {
            try (QuantizedModel quantized = calibrated(lane, start, bits, known)) {
                return validated(quantized, quantized.run(), clock);
            }
        }
        try (QuantizedModel quantized = quantizedModel(lane, start.weights(), bits, known)) {
            tune(lane, quantized, start, fineTune);
            return validated(quantized, quantized.pack().run(), clock);
        }
    }

    /** The model of {@code start} packed under {@code bits} without fine-tuning; the caller closes it. */
    QuantizedModel calibrated(Lanes.Lane lane, Trained start, BitAssignment bits, TrialMemory known) {
        QuantizedModel quantized = quantizedModel(lane, start.weights(), bits, known);
        try {
            quantized.calibrate(known.stages(), start);
            quantized.pack();
            return quantized;
        } catch (RuntimeException e) {
            quantized.close();
            throw e;
        }
    }

    private static Validated validated(QuantizedModel quantized, float[][] logits, Clock clock) {
        Dataset data = quantized.input().dataset();
        return new Validated(
                Predictions.metrics(logits, data.labels(), data.split().validation()),
                quantized.memory(),
                clock.seconds(() -> Latency.seconds(quantized.inference()::runOnly)));
    }

    /**
     * Runs packed inference of {@code start} under each of {@code assignments} in turn until the JVM has compiled it; takes
     * the memory of all of them at once.
     */
    void warmUp(Trained start, List<BitAssignment> assignments, TrainConfig trial) {
        // Only weights whose levels are set while they train need to be fine-tuned to be packed.
        TrainConfig fineTune = quantConfig.weights().isAffine() ? trial.withEpochs(0) : trial;
        lanes.run(lane -> {
            List<QuantizedModel> models = new ArrayList<>();
            try {
                List<Runnable> inferences = new ArrayList<>();
                for (BitAssignment bits : assignments) {
                    models.add(fineTuned(lane, start, bits, fineTune));
                    inferences.add(models.getLast().pack()::runOnly);
                }
                Latency.warmUp(inferences);
                return null;
            } finally {
                models.forEach(QuantizedModel::close);
            }
        });
    }

    /** Median time of one inference in fp32 on one lane, no other lane running, after a warm-up. */
    public double fp32InferenceSeconds(Trained trained) {
        return lanes.run(lane -> {
            try (Fp32Inference inference = new Fp32Inference(model(), lane, trained)) {
                return Latency.unhurried(Fp32Inference.class, inference::run);
            }
        });
    }

    /** Median time of one packed inference on one lane, nothing else running, after a warm-up. */
    public double inferenceSeconds(Packed result, BitAssignment bits) {
        return lanes.run(lane -> {
            try (QuantizedModel model = restore(lane, result, bits)) {
                return Latency.unhurried(PackedInference.class, model.inference()::runOnly);
            }
        });
    }

    /** The packed model that {@link #quantize} measured, from the weights it ended with; the caller closes it. */
    public QuantizedModel restore(Lanes.Lane lane, Packed result, BitAssignment bits) {
        QuantizedModel model = quantizedModel(lane, result.weights(), bits);
        List<FloatMatrix> ranges = model.cells().ranges();
        for (int i = 0; i < ranges.size(); i++) {
            Transfer.copy(lane.backend(), result.ranges().get(i), ranges.get(i));
        }
        model.pack();
        return model;
    }

    /** The model of {@code start} fine-tuned under {@code bits}, ranges set; the caller packs and closes it. */
    public QuantizedModel fineTuned(Lanes.Lane lane, Trained start, BitAssignment bits, TrainConfig fineTune) {
        return fineTuned(lane, start, start.weights(), bits, fineTune);
    }

    /** The same from {@code weights} on, which came of those of {@code fp32}; a teacher is {@code fp32}. */
    QuantizedModel fineTuned(
            Lanes.Lane lane, Trained fp32, List<float[][]> weights, BitAssignment bits, TrainConfig fineTune) {
        QuantizedModel quantized = quantizedModel(lane, weights, bits);
        try {
            tune(lane, quantized, fp32, fineTune);
            return quantized;
        } catch (RuntimeException e) {
            quantized.close();
            throw e;
        }
    }

    private void tune(Lanes.Lane lane, QuantizedModel quantized, Trained fp32, TrainConfig fineTune) {
        Trainer.Task task = task(lane, quantized, fp32, fineTune);
        if (quantConfig.weights().powers() != null) {
            new PowerFreezing(
                            quantized.model(),
                            quantized.input(),
                            quantized.parameters(),
                            quantized.cells(),
                            lane.backend())
                    .train(fineTune, fp32.seed(), task);
            return;
        }
        try (Trainer trainer = new Trainer(
                quantized.model(),
                quantized.input(),
                quantized.parameters(),
                quantized.cells(),
                task,
                lane.backend())) {
            if (fineTune.epochs() == 0) {
                trainer.calibrate();
            } else {
                trainer.train(fineTune, fp32.seed());
            }
        }
    }

    /** The form of the weights. */
    WeightConfig weightConfig() {
        return quantConfig.weights();
    }

    /** What {@code fineTune} of {@code fp32} minimises. */
    Trainer.Task task(Lanes.Lane lane, QuantizedModel student, Trained fp32, TrainConfig fineTune) {
        // Without epochs there is nothing to learn, from a teacher neither.
        if (objective.distillation() == null || fineTune.epochs() == 0) {
            return new Trainer.Task(objective.withoutDistillation(), null, Map.of());
        }
        try (Parameters teacher = parameters(lane, student.model(), fp32.weights())) {
            float[][] logits = Trainer.logits(student.model(), student.input(), teacher, lane.backend());
            return new Trainer.Task(objective, logits, Map.of());
        }
    }

    static Parameters parameters(Lanes.Lane lane, Model model, List<float[][]> weights) {
        Parameters parameters = new Parameters(model.parameters(), lane.backend());
        for (int i = 0; i < weights.size(); i++) {
            parameters.set(i, weights.get(i));
        }
        return parameters;
    }

    /** A model under {@code bits} from these weights, ranges still to be set. */
    private QuantizedModel quantizedModel(Lanes.Lane lane, List<float[][]> weights, BitAssignment bits) {
        return quantizedModel(lane, weights, bits, null);
    }

    /** The same; {@code known} spares quantizing features again, null to do so. */
    QuantizedModel quantizedModel(Lanes.Lane lane, List<float[][]> weights, BitAssignment bits, TrialMemory known) {
        GraphInput input = lane.input(bits.buckets());
        Model model = modelConfig.create(ModelSizes.of(input));
        try (Parameters parameters = parameters(lane, model, weights)) {
            FeatureCodes features = known == null ? null : known.features();
            return new QuantizedModel(model, input, parameters, bits, quantConfig, null, features, lane.backend());
        }
    }

    private static List<float[][]> toHost(Lanes.Lane lane, List<FloatMatrix> matrices) {
        return matrices.stream().map(m -> Transfer.download(lane.backend(), m)).toList();
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }
}
