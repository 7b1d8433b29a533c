package org.sgquant.experiment;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.sgquant.data.Dataset;
import org.sgquant.data.DatasetOptions;
import org.sgquant.data.Datasets;
import org.sgquant.data.GraphFiles;
import org.sgquant.data.LabelNoise;
import org.sgquant.data.NodeTags;
import org.sgquant.experiment.GraphLevelExperiment.Batching;
import org.sgquant.kernels.Calibration;
import org.sgquant.quant.FeaturesForm;
import org.sgquant.quant.FreezingOrder;
import org.sgquant.quant.Protection;
import org.sgquant.quant.QatConfig;
import org.sgquant.quant.QuantConfig;
import org.sgquant.quant.WeightConfig;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.Rounding;
import org.sgquant.train.Objective;
import org.sgquant.train.TrainConfig;

/**
 * Everything that decides a result, as it is saved beside a model: data, model, training, quantization, bits, seed.
 *
 * <p>Made of plain values, so that it reads and writes as YAML. A part that is null is left out there.
 */
public record Recipe(
        Data dataset,
        ModelSettings model,
        Training train,
        Training fineTune,
        @JsonInclude(JsonInclude.Include.NON_NULL) Loss objective,
        Quantization quantization,
        @JsonInclude(JsonInclude.Include.NON_NULL) Qat qat,
        @JsonInclude(JsonInclude.Include.NON_NULL) Storage storage,
        @JsonInclude(JsonInclude.Include.NON_NULL) Graphs graphs,
        @JsonInclude(JsonInclude.Include.NON_NULL) Search search,
        String bits,
        long seed) {

    public Recipe {
        require("dataset", dataset);
        require("model", model);
        require("train", train);
        require("fineTune", fineTune);
        require("quantization", quantization);
    }

    /** A recipe whose bits no search found. */
    public Recipe(
            Data dataset,
            ModelSettings model,
            Training train,
            Training fineTune,
            Loss objective,
            Quantization quantization,
            Qat qat,
            Storage storage,
            Graphs graphs,
            String bits,
            long seed) {
        this(dataset, model, train, fineTune, objective, quantization, qat, storage, graphs, null, bits, seed);
    }

    /** {@link #defaults(Data, String, QuantConfig, long)} for the nodes of one graph. */
    public static Recipe defaults(Data dataset, String model, long seed) {
        return defaults(dataset, model, QuantConfig.DEFAULT, seed);
    }

    /** What holds for {@code model} where nothing else is said; cells quantized as {@code usual}, bits still open. */
    public static Recipe defaults(Data dataset, String model, QuantConfig usual, long seed) {
        ModelSettings settings = ModelSettings.of(model, Map.of());
        return new Recipe(
                dataset,
                settings,
                Training.toTheEnd(TrainConfig.of(settings.config())),
                Training.toTheEnd(TrainConfig.FINE_TUNE),
                null,
                Quantization.of(usual),
                null,
                new Storage(FeaturesForm.AUTO.toString()),
                null,
                "32",
                seed);
    }

    private static void require(String section, Object value) {
        if (value == null) {
            throw new IllegalArgumentException("the recipe has no section '" + section + "'");
        }
    }

    /** Refuses what no model or training can be made from, before any data is read. */
    public void check() {
        model.config();
        train.config();
        fineTune.config();
        quantConfig();
        trainingObjective();
    }

    /** A dataset by name, or the files of the user's own graph. */
    public record Data(
            String name,
            String edges,
            String features,
            String labels,
            String split,
            boolean normalizeRows,
            int mask,
            long splitSeed,
            @JsonInclude(JsonInclude.Include.NON_NULL) LabelNoise labelNoise) {

        private DatasetOptions options() {
            return DatasetOptions.DEFAULT
                    .withNormalizeRows(normalizeRows)
                    .withMaskIndex(mask)
                    .withSplitSeed(splitSeed)
                    .withLabelNoise(labelNoise);
        }

        /** Opens the graph, looking for named datasets as {@code datasets} says. */
        public Dataset open(Datasets datasets) {
            if (edges == null) {
                return datasets.open(name, options());
            }
            return new GraphFiles(Path.of(edges), Path.of(features), path(labels), path(split)).open(name, options());
        }

        private static Path path(String text) {
            return text == null ? null : Path.of(text);
        }
    }

    /** Length and speed of training. */
    public record Training(int epochs, float learningRate, float finalLearningRate, int patience) {

        /** Training of {@code config} that never stops early. */
        static Training toTheEnd(TrainConfig config) {
            return new Training(config.epochs(), config.learningRate(), config.finalLearningRate(), Integer.MAX_VALUE);
        }

        public TrainConfig config() {
            return new TrainConfig(epochs, learningRate, finalLearningRate, patience);
        }
    }

    /**
     * What training minimises: {@code plain} (where absent), {@code forward} or {@code backward} loss on labels with the
     * rate of noise it assumes, and share and temperature of distillation, the share null for none.
     */
    public record Loss(
            String labels,
            @JsonInclude(JsonInclude.Include.NON_NULL) Double noise,
            @JsonInclude(JsonInclude.Include.NON_NULL) Float distillWeight,
            @JsonInclude(JsonInclude.Include.NON_NULL) Float distillTemperature) {
        private Loss normalized(LabelNoise put) {
            if (labels != null && !labels.equals("plain")) {
                if (noise == null && put == null) {
                    throw new IllegalArgumentException("loss " + labels
                            + " needs the rate of noise that it corrects: --assumed-noise or --label-noise");
                }
                return new Loss(
                        labels, noise == null ? Double.valueOf(put.rate()) : noise, distillWeight, distillTemperature);
            }
            if (noise != null) {
                throw new IllegalArgumentException(
                        "noise " + noise + " (--assumed-noise) is for loss forward or backward");
            }
            return distillWeight == null && distillTemperature == null ? null : this;
        }

        Objective objective() {
            if (distillWeight == null && distillTemperature != null) {
                throw new IllegalArgumentException("objective: distillTemperature " + distillTemperature
                        + " needs distillWeight, the share of the loss that it is the temperature of");
            }
            return new Objective(
                    labels == null ? Objective.PLAIN.labelLoss() : Objective.LabelLoss.parse(labels),
                    noise == null ? 0 : noise,
                    distillWeight == null ? null : Objective.Distillation.of(distillWeight, distillTemperature));
        }
    }

    /** What training minimises; the plain cross-entropy where the recipe says nothing of it. */
    public Objective trainingObjective() {
        return objective == null ? Objective.PLAIN : objective.objective();
    }

    /** Granularity, calibration and rounding; names in lower case. */
    public record Quantization(
            String featuresGranularity,
            String featuresCalibration,
            String innerGranularity,
            String innerCalibration,
            String rounding,
            boolean clipMask,
            @JsonInclude(JsonInclude.Include.NON_NULL) Weights weights) {

        /**
         * How weights are quantized where not as usual: the calibration of affine codes, or the order in which powers
         * of two are frozen and the shares frozen after each step, those of INQ where absent, or {@code multibit}: true
         * for sums of signs.
         */
        public record Weights(
                @JsonInclude(JsonInclude.Include.NON_NULL) String calibration,
                @JsonInclude(JsonInclude.Include.NON_NULL) String powers,
                @JsonInclude(JsonInclude.Include.NON_NULL) List<Double> shares,
                @JsonInclude(JsonInclude.Include.NON_NULL) Boolean multibit) {
            WeightConfig config() {
                if (powers == null && shares != null) {
                    throw new IllegalArgumentException(
                            "weights: shares " + shares + " need powers, the order in which powers of two are frozen");
                }
                return new WeightConfig(
                        calibration == null ? WeightConfig.DEFAULT.calibration() : Calibration.parse(calibration),
                        powers == null
                                ? null
                                : new WeightConfig.Powers(
                                        FreezingOrder.parse(powers),
                                        shares == null ? WeightConfig.Powers.SHARES : shares),
                        multibit != null && multibit);
            }
        }

        /** The section of {@code config}, weights as usual. */
        static Quantization of(QuantConfig config) {
            return new Quantization(
                    config.featuresGranularity().toString().toLowerCase(Locale.ROOT),
                    config.featuresCalibration().toString(),
                    config.innerGranularity().toString().toLowerCase(Locale.ROOT),
                    config.innerCalibration().toString(),
                    config.rounding().toString().toLowerCase(Locale.ROOT),
                    config.clipMask(),
                    null);
        }

        public QuantConfig config() {
            if (innerGranularity.equalsIgnoreCase("row")) {
                throw new IllegalArgumentException("granularity 'row' is for the features alone: sums over neighbours"
                        + " need scales that nodes share; choose tensor, bucket, column or rowcode");
            }
            return new QuantConfig(
                    parse(Granularity.class, "granularity", featuresGranularity),
                    Calibration.parse(featuresCalibration),
                    parse(Granularity.class, "granularity", innerGranularity),
                    Calibration.parse(innerCalibration),
                    parse(Rounding.class, "rounding", rounding),
                    clipMask,
                    FeaturesForm.DENSE,
                    QatConfig.OFF,
                    weights == null ? WeightConfig.DEFAULT : weights.config());
        }

        private static <T extends Enum<T>> T parse(Class<T> type, String what, String text) {
            for (T value : type.getEnumConstants()) {
                if (value.toString().equalsIgnoreCase(text)) {
                    return value;
                }
            }
            StringBuilder choices = new StringBuilder();
            for (T value : type.getEnumConstants()) {
                choices.append(' ').append(value.toString().toLowerCase(Locale.ROOT));
            }
            throw new IllegalArgumentException(what + " '" + text + "' does not exist: choose one of" + choices);
        }
    }

    /** Quantization-aware fine-tuning beyond the straight-through estimator. */
    public record Qat(boolean learnedSteps, float stepRate, String protection) {

        /** The section of {@code config}, null where everything is off. */
        public static Qat of(QatConfig config) {
            return config.equals(QatConfig.OFF) ? null : always(config);
        }

        static Qat always(QatConfig config) {
            return new Qat(
                    config.learnedSteps(),
                    config.stepRate(),
                    config.protection().toString());
        }

        QatConfig config() {
            return new QatConfig(learnedSteps, stepRate, Protection.parse(protection));
        }
    }

    /** How codes are stored; {@code featuresForm} is auto, dense or sparse. */
    public record Storage(String featuresForm) {}

    /** How cells are quantized, fine-tuned and stored. */
    public QuantConfig quantConfig() {
        QuantConfig config = quantization.config();
        if (qat != null) {
            config = config.withQat(qat.config());
        }
        return storage == null ? config : config.withFeaturesForm(FeaturesForm.parse(storage.featuresForm()));
    }

    /**
     * What matters where whole graphs are classified: features of their nodes as {@link NodeTags} names them, and
     * graphs per batch. What is absent is as in {@link #DEFAULT}.
     */
    public record Graphs(
            @JsonInclude(JsonInclude.Include.NON_NULL) String nodeTags,
            @JsonInclude(JsonInclude.Include.NON_NULL) Integer batch) {

        public static final Graphs DEFAULT = new Graphs(NodeTags.GIVEN.toString(), Batching.DEFAULT.graphs());

        /** The same with nothing absent. */
        private Graphs filled() {
            return new Graphs(nodeTags == null ? DEFAULT.nodeTags : nodeTags, batch == null ? DEFAULT.batch : batch);
        }

        public NodeTags tags() {
            return NodeTags.parse(filled().nodeTags);
        }

        public Batching batching() {
            return new Batching(filled().batch, Batching.DEFAULT.partitions());
        }
    }

    /** The section {@code graphs} with nothing absent. */
    public Graphs wholeGraphs() {
        return graphs == null ? Graphs.DEFAULT : graphs.filled();
    }

    /**
     * How the bits were or are to be searched: strategy, measured assignments, what to make small (all, inner, latency or
     * drop), the bounds of drop in points, of bytes as {@code 40KiB} and of latency in milliseconds, epochs and seeds of a trial, widths to choose from, and whether per degree quartile. What
     * is absent is as the command line has it.
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Search(
            String strategy,
            Integer trials,
            String objective,
            Double maxDrop,
            String maxBytes,
            String maxInnerBytes,
            Double maxLatency,
            Integer trialEpochs,
            Integer trialSeeds,
            List<BitWidth> featureBits,
            List<BitWidth> innerBits,
            Boolean quartiles) {}

    public Recipe withBits(String newBits, long newSeed) {
        return new Recipe(
                dataset,
                model,
                train,
                fineTune,
                objective,
                quantization,
                qat,
                storage,
                graphs,
                search,
                newBits,
                newSeed);
    }

    public Recipe withSearch(Search newSearch) {
        return new Recipe(
                dataset, model, train, fineTune, objective, quantization, qat, storage, graphs, newSearch, bits, seed);
    }

    /** The same with {@code training} in fp32 and {@code tuning} after it. */
    public Recipe withTraining(Training training, Training tuning) {
        return new Recipe(
                dataset, model, training, tuning, objective, quantization, qat, storage, graphs, search, bits, seed);
    }

    public Recipe withGraphs(Graphs newGraphs) {
        return new Recipe(
                dataset, model, train, fineTune, objective, quantization, qat, storage, newGraphs, search, bits, seed);
    }

    /**
     * The same with sections that are off left out, and the rate of noise that a loss assumes, where it is not given, that
     * of the labels.
     */
    Recipe normalized() {
        return new Recipe(
                dataset,
                ModelSettings.of(model.config()),
                train,
                fineTune,
                objective == null ? null : objective.normalized(dataset.labelNoise),
                quantization,
                qat == null ? null : Qat.of(qat.config()),
                storage,
                graphs,
                search,
                bits,
                seed);
    }
}
